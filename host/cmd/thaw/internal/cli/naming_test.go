package cli

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/host"
)

// TestUnreadableNames: without the names every command works as on a store without any,
// and says why.
func TestUnreadableNames(t *testing.T) {
	disk := memory()
	s, err := host.Open(t.Context(), "/s", host.Options{FS: disk, KindNames: naming{0x1001: "order.placed"}})
	require.NoError(t, err)
	_, err = s.Append(t.Context(), event.At("e", "s"), 0x1001, 1)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.Contains(t, run(disk, "kinds", "/s").stdout, "0x1001 order.placed")
	for _, kind := range []failfs.Kind{failfs.Open, failfs.Stat, failfs.ReadAt} {
		fs := failfs.New(disk)
		fs.Fail(failfs.Rule{Kinds: kind, Pattern: "names.thaw", Forever: true, Err: syscall.EIO})
		for _, args := range [][]string{{"dump"}, {"query"}, {"follow", "--limit", "1"}, {"kinds"}, {"stat"}, {"stat", "--json"}, {"get", "00000000000000000000000000000001"}, {"export"}} {
			got := run(fs, append([]string{args[0], "/s"}, args[1:]...)...)
			require.Contains(t, got.stderr, "thaw: note: kinds have no names: ", args)
			require.Contains(t, got.stderr, syscall.EIO.Error(), args)
			require.NotContains(t, got.stdout, "order.placed")
			if args[0] != "get" {
				require.Zero(t, got.code, args)
				require.NotEmpty(t, got.stdout, args)
			}
		}
		require.Equal(t, 1, run(fs, "check-types", "/s").code)
		got := run(fs, "query", "/s", "--kind", "order.placed")
		require.Equal(t, 2, got.code)
		require.Empty(t, got.stdout)
	}
}

// TestNear: a message proposes what may have been meant, and nothing else.
func TestNear(t *testing.T) {
	n := naming{1: "order.placed", 2: "order.placed", 3: "order.shipped", 4: "payment.received", 5: "x"}
	for s, want := range map[string][]string{
		"order.placd":     {"order.placed"},
		"Order.Placed":    {"order.placed"},
		"placed":          {"order.placed"},
		"ORDER":           {"order.placed", "order.shipped"},
		"payment.receivd": {"payment.received"},
		"customer.moved":  nil,
	} {
		require.Equal(t, want, n.near(s), s)
	}
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"abc", "bc", 1}, {"kitten", "sitting", 3}, {"ab", "ba", 2}} {
		require.Equal(t, c.want, distance(c.a, c.b), "%q %q", c.a, c.b)
	}
}

// TestResolve: a condition is of the kinds of all its texts, never of all kinds.
func TestResolve(t *testing.T) {
	n := naming{0x1001: "a", 0x1002: "a", 0x1003: "b,c", 0x1004: "DATA", 0x1005: "4096", 0x1006: "b", 0x1007: "tombstone"}
	for text, want := range map[string][]event.Kind{
		"a": {0x1001, 0x1002}, "a,0x2000": {0x1001, 0x1002, 0x2000}, "b,c": {0x1003}, "b,a": {0x1001, 0x1002, 0x1006},
		"DATA": {event.Data}, "4096": {event.Data}, "data,b": {event.Data, 0x1006},
		"tombstone": {0x1007}, "TOMBSTONE": {event.Tombstone}, "Tombstone": {event.Tombstone},
	} {
		var k kinds
		require.NoError(t, k.Set(text))
		got, err := k.resolve("kind", n)
		require.NoError(t, err, text)
		require.Equal(t, event.AnyOf(want...), got, text)
	}
	for _, text := range []string{"x", "a,x", "c", "A", "b,c,a"} {
		var k kinds
		require.NoError(t, k.Set(text))
		_, err := k.resolve("kind", n)
		require.Error(t, err, text)
	}
	all, err := new(kinds).resolve("kind", n)
	require.NoError(t, err)
	require.True(t, all.All())
}
