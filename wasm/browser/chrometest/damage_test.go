package chrometest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
)

// verified runs a verification in the page, and compares it with a native one.
func verified(t testing.TB, p *Page, dir string) {
	t.Helper()
	p.Click(Test("verify"))
	p.Wait(within("verdict") + "?.dataset.state === 'done'")
	want, err := host.Verify(t.Context(), dir, host.ReaderOptions{Logger: quiet}, nil)
	require.NoError(t, err)
	if want.Sound() {
		require.Contains(t, p.Text("verdict"), "Sound")
		require.Empty(t, p.Texts("damage"))
		return
	}
	for _, d := range want.Damages {
		p.Wait("[...document.querySelectorAll('[data-test=damage]')].some((e) => e.textContent.includes(" + quote(d.File) + "))")
	}
}

// TestVerify: verification finds what the native one finds, and the map shows where.
func TestVerify(t *testing.T) {
	t.Parallel()
	dir := shop(t, 300)
	p := opened(t, dir)
	verified(t, p, dir)
	require.Equal(t, len(p.Texts("segment")), reader(t, dir).Report().Segments)

	hurt := copyStore(t, dir)
	flip(t, filepath.Join(hurt, "000001.fbat"), 30_000)
	next(t, p, hurt)
	verified(t, p, hurt)
	require.NotEqual(t, "0", Eval[string](p, "document.querySelector('[data-test=segment][data-name=\"000001.fbat\"]').dataset.damages"))
	require.Equal(t, "0", Eval[string](p, "document.querySelector('[data-test=segment][data-name=\"000002.fbat\"]').dataset.damages"))
	p.Click(Test("damage-events"))
	p.Wait("document.querySelectorAll('[data-test=table] [data-seq]').length > 5")
}

func flip(t testing.TB, file string, at int) {
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	b[at%len(b)] ^= 0x10
	require.NoError(t, os.WriteFile(file, b, 0o666))
}

// damaged yields the fixtures with one harm each: every file missing, empty, cut, with a bit of
// its beginning, middle and end flipped, and replaced by a folder.
func damaged(t testing.TB, yield func(name, dir string)) {
	for _, name := range []string{"rotated", "fences", "tail"} {
		from := fixture(t, name)
		entries, err := os.ReadDir(from)
		require.NoError(t, err)
		for _, e := range entries {
			for _, harm := range []string{"missing", "empty", "cut", "begin", "middle", "end", "folder"} {
				dir := filepath.Join(t.TempDir(), name)
				require.NoError(t, os.CopyFS(dir, os.DirFS(from)))
				file := filepath.Join(dir, e.Name())
				b, err := os.ReadFile(file)
				require.NoError(t, err)
				switch harm {
				case "missing":
					require.NoError(t, os.Remove(file))
				case "empty":
					require.NoError(t, os.Truncate(file, 0))
				case "cut":
					require.NoError(t, os.Truncate(file, int64(len(b)*2/3)))
				case "begin":
					flip(t, file, 3)
				case "middle":
					flip(t, file, len(b)/2)
				case "end":
					flip(t, file, len(b)-1)
				case "folder":
					require.NoError(t, os.Remove(file))
					require.NoError(t, os.Mkdir(file, 0o777))
				}
				yield(fmt.Sprintf("%s: %s %s", name, e.Name(), harm), dir)
			}
		}
	}
}

// TestDamaged: a damaged store opens as natively, or gives the native reason; what is wrong with
// it is in the page; and the page goes on.
func TestDamaged(t *testing.T) {
	t.Parallel()
	p := load(t, site(t).URL)
	damaged(t, func(name, dir string) {
		t.Log(name)
		r, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{Logger: quiet})
		next(t, p, dir)
		if err != nil {
			require.NotEmpty(t, p.Text("failure-text"), name)
			return
		}
		defer r.Close()
		report := r.Report()
		if report.Segments == 0 { // of nothing but folders
			p.Wait(within("summary") + " || " + within("failure-text"))
			return
		}
		p.Wait(within("summary"))
		p.WaitText("summary-events", count(report.Events))
		rejected := Eval[[]string](p, `[...document.querySelectorAll('[data-test^="report-rejected-"]')].map((e) => e.textContent)`)
		require.Len(t, rejected, len(report.Rejected), name)
		for i, refusal := range report.Rejected {
			require.Contains(t, rejected[i], refusal.File, name)
		}
		require.Len(t, p.Texts("damage"), len(report.Damages), name)
	})
}
