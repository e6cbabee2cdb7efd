package chrometest

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

const fixtures = "../../../core/internal/fixture/testdata"

// fixture returns the directory of a store that batpak wrote.
func fixture(t testing.TB, name string) string {
	dir, err := filepath.Abs(filepath.Join(fixtures, name, "store"))
	require.NoError(t, err)
	require.DirExists(t, dir)
	return dir
}

// The kinds of the shop.
const (
	placed  event.Kind = 0x1001
	paid    event.Kind = 0x1002
	sent    event.Kind = 0x2001
	unnamed event.Kind = 0x3001
)

var shopKinds = map[event.Kind]string{placed: "order.placed", paid: "order.paid", sent: "parcel.sent"}

// began is the time of a shop's first event. Each next one is a minute later.
var began = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

var quiet = slog.New(slog.DiscardHandler)

type object = map[string]any

// open opens a store for writing whose clock runs a minute an event.
func open(t testing.TB, dir string, o host.Options) *host.Store {
	now := began
	o.Logger = quiet
	o.Now = func() time.Time {
		now = now.Add(time.Minute)
		return now.Add(-time.Minute)
	}
	s, err := host.Open(context.Background(), dir, o)
	require.NoError(t, err)
	return s
}

// shop writes a store of orders, each paid and sent: 3 events, of which the first causes the
// second and that the third. Every tenth order has a note of a kind without a name.
func shop(t testing.TB, orders int) string {
	dir := filepath.Join(t.TempDir(), "shop")
	s := open(t, dir, host.Options{KindNames: shopKinds, SegmentSize: 64 << 10, Durability: host.LoseUpTo(time.Second)})
	for i := range orders {
		entity, scope := fmt.Sprintf("order:%04d", i), []string{"shop:eu", "shop:us", "shop:eu:north"}[i%3]
		at := event.At(entity, scope)
		add := func(at event.Coordinate, kind event.Kind, value any, options ...host.AppendOption) host.Receipt {
			r, err := s.Append(context.Background(), at, kind, value, options...)
			require.NoError(t, err)
			return r
		}
		first := add(at, placed, object{"n": i, "items": []object{{"sku": "T-001", "count": i % 7}}, "cents": 100 * i})
		second := add(at, paid, object{"n": i, "cents": 100 * i}, host.CausedBy(first.ID), host.Correlated(first.ID))
		if i%10 == 0 {
			add(event.At("note:1", scope), unnamed, object{"note": i}, host.CausedBy(second.ID))
		}
		add(event.At(fmt.Sprintf("parcel:%04d", i), scope), sent, object{"order": entity, "weight": 1.5},
			host.CausedBy(second.ID), host.Correlated(first.ID), host.WithMeta(event.NewMeta(map[string]string{event.MetaActor: "clerk"})))
	}
	require.NoError(t, s.Close())
	return dir
}

// reader opens a store natively.
func reader(t testing.TB, dir string) *host.DirReader {
	r, err := host.OpenReader(context.Background(), dir, host.ReaderOptions{Logger: quiet})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

// all collects what a native query returns.
func all[T any](t testing.TB, seq iter.Seq2[T, error]) (out []T) {
	for v, err := range seq {
		require.NoError(t, err)
		out = append(out, v)
	}
	return out
}

// copyStore copies a store's files, to be changed.
func copyStore(t testing.TB, dir string) string {
	to := filepath.Join(t.TempDir(), filepath.Base(dir))
	require.NoError(t, os.CopyFS(to, os.DirFS(dir)))
	return to
}

func at(entity, scope string) event.Coordinate { return event.At(entity, scope) }

// count prints a number as the page does.
func count[N int | uint64 | int64](n N) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
