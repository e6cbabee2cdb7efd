package chrometest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

const million = 1_000_000

// large writes a store of a million events: 50,000 entities of 20 events each.
func large(t testing.TB) string {
	dir := filepath.Join(t.TempDir(), "large")
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	n := 0
	s, err := host.Open(context.Background(), dir, host.Options{
		Logger: quiet, KindNames: shopKinds, Durability: host.LoseUpTo(time.Second),
		Now: func() time.Time { return began.Add(time.Duration(n) * 100 * time.Millisecond) },
	})
	require.NoError(t, err)
	kinds := []event.Kind{placed, paid, paid, paid, sent}
	const batch = 500
	items := make([]host.Item, 0, batch)
	for n < million {
		items = items[:0]
		for i := range batch {
			at := n + i
			items = append(items, host.Item{
				At: event.At(fmt.Sprintf("order:%05d", at*7919%50_000), fmt.Sprintf("shop:%02d", at%40)), Kind: kinds[at%len(kinds)],
				Payload: object{"n": at, "note": strings.Repeat("x", at%50)},
			})
		}
		_, err := s.AppendEach(context.Background(), items)
		require.NoError(t, err)
		n += batch
	}
	require.NoError(t, s.Close())
	return dir
}

// TestMillion: a store of a million events, in each view that reads much of it.
func TestMillion(t *testing.T) {
	if os.Getenv("THAW_FULL") == "" {
		t.Skip("a store of a million events takes a minute: make nightly sets THAW_FULL")
	}
	dir := large(t)
	r := reader(t, dir)
	p := opened(t, dir)
	summary(t, p, dir)
	for _, c := range []struct {
		hash   string
		region host.Region
	}{
		{"", host.Region{}},
		{"entity=order:00042", host.Region{Entity: "order:00042"}},
		{"prefix=order:001", host.Region{EntityPrefix: "order:001"}},
		{"scope=shop:07", host.Region{Scope: "shop:07"}},
		{"kind=0x2001", host.Region{Kinds: event.Only(sent)}},
		{"scope=shop:07&kind=0x1002", host.Region{Scope: "shop:07", Kinds: event.Only(paid)}},
	} {
		want := all(t, r.Query(t.Context(), c.region, host.Page{}))
		p.goTo("#/summary")
		p.Wait(within("summary"))
		p.goTo("#/events?" + c.hash)
		p.same(want)
		p.Wait(within("timeline") + "?.dataset.events === '" + fmt.Sprint(len(want)) + "'")
		// The middle, which only the marks know the way to.
		Eval[bool](p, within("table")+".focus(), true")
		p.Key(kb.Home)
		p.settled(len(want))
		require.Equal(t, fmt.Sprint(want[0].Sequence), p.rows()[0].Seq)
		p.goTo("#/summary")
		p.Wait(within("summary"))
		p.goTo("#/events?" + c.hash + "&event=" + dashed(want[len(want)/2].ID))
		p.Wait(`document.querySelector('[aria-selected=true]')?.dataset.seq === "` + fmt.Sprint(want[len(want)/2].Sequence) + `"`)
	}

	p.goTo("#/summary")
	p.Click(Test("verify"))
	p.Wait("Number(document.querySelector('progress')?.value) > 0")
	p.Click(Test("verify-stop"))
	p.Wait(within("verdict") + "?.dataset.state === 'none'")
	verified(t, p, dir)

	p.goTo("#/take?scope=shop:07")
	p.WaitText("take-events", "25,000 events")
	_, path := p.Download(func() { p.Click(Test("store-download")) })
	extract := unzip(t, path)
	sound(t, extract)
	require.Equal(t, native(t, "query", dir, "--scope", "shop:07", "--payloads"), native(t, "query", extract, "--payloads"))
}
