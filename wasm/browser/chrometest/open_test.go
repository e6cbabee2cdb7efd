package chrometest

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const fixtures = "../../../core/internal/fixture/testdata"

func fixture(t testing.TB, name string) string {
	dir, err := filepath.Abs(filepath.Join(fixtures, name, "store"))
	require.NoError(t, err)
	return dir
}

func TestOpen(t *testing.T) {
	b, s := chromium(t), site(t)
	for _, address := range []string{s.File, s.URL} {
		p := b.New(t)
		p.Load(address)
		p.Wait(within("engine") + "?.dataset.state === 'ready'")
		t.Log(p.Text("engine"))
		p.Drop(fixture(t, "rotated"))
		p.WaitText("events", "48 events")
		p.Click(Test("close"))
		p.Choose(Test("input-folder"), fixture(t, "rotated"))
		p.WaitText("events", "48 events")
		p.Click(Test("close"))
	}
}
