package host_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/host"
)

// notedStore is a store in memory whose calls can be made to fail and are noted.
func notedStore(t *testing.T, o host.Options) (*calls, *crashfs.FS, *host.Store) {
	mem := crashfs.New()
	c := noteCalls(mem)
	return c, mem, c.open(t, o)
}

func appendOne(s *host.Store, entity string, options ...host.AppendOption) error {
	_, err := s.Append(background, event.At(entity, "s"), event.Data, 1, options...)
	return err
}

// TestFailedSync cuts off what was written, so that it is unlikely to come back, and
// refuses every call that writes from then on without touching a file.
func TestFailedSync(t *testing.T) {
	c, mem, s := notedStore(t, host.Options{})
	require.NoError(t, appendOne(s, "kept"))
	size := len(mem.Files(storeDir)["000001.fbat"])
	c.Fail(failfs.Rule{Kinds: failfs.Sync, Pattern: "000001.fbat"})
	require.ErrorIs(t, appendOne(s, "lost"), host.ErrFailed)
	require.Len(t, mem.Files(storeDir)["000001.fbat"], size)

	c.take()
	for name, call := range map[string]func() error{
		"append": func() error { return appendOne(s, "more") },
		"batch": func() error {
			_, err := s.AppendBatch(background, []host.Item{{At: eventAt, Kind: event.Data, Payload: 1}})
			return err
		},
		"sync": func() error { return s.Sync(background) },
	} {
		require.ErrorIs(t, call(), host.ErrFailed, name)
	}
	require.Empty(t, c.take())
	require.Equal(t, []string{"kept"}, entities(all(t, s)))
}

// TestFailedGroupTakesConflictsBack appends, and expects of another append of the
// same group what the first makes untrue. When the group's sync fails the second was
// refused because of an event that is not there: it must not be told of that event.
func TestFailedGroupTakesConflictsBack(t *testing.T) {
	g := newGate()
	c := noteCalls(g)
	s := c.open(t, host.Options{})
	release, first := g.stuck(t, s)
	errs := make(chan error, 2)
	for i := range 2 {
		go func() { errs <- appendOne(s, "e", host.Expect(host.NoEvents)) }()
		awaitQueued(s, i+1)
	}
	c.Fail(failfs.Rule{Kinds: failfs.Sync, Pattern: "000001.fbat"})
	release()
	require.NoError(t, <-first)
	for range 2 {
		err := <-errs
		require.ErrorIs(t, err, failfs.ErrInjected)
		require.NotErrorIs(t, err, host.ErrConflict)
	}
}

// TestUndoneWrite makes one write fail. It is cut off and what is left is synced, which
// no later Sync does again; then the store takes appends as before.
func TestUndoneWrite(t *testing.T) {
	c, _, s := notedStore(t, host.Options{Durability: host.LoseUnsynced})
	require.NoError(t, appendOne(s, "a"))
	c.Fail(failfs.Rule{Kinds: failfs.WriteAt, Pattern: "000001.fbat", Short: 100})
	err := appendOne(s, "b")
	require.ErrorIs(t, err, failfs.ErrInjected)
	require.NotErrorIs(t, err, host.ErrFailed)
	c.take()
	require.NoError(t, s.Sync(background))
	require.Empty(t, c.take())
	require.NoError(t, appendOne(s, "c"))
	require.Equal(t, []string{"a", "c"}, entities(all(t, s)))
}

// TestFailedFooter fails to write a full segment's footer: the append that needed
// the next segment is refused, and the one after it seals the segment.
func TestFailedFooter(t *testing.T) {
	c, mem, s := notedStore(t, host.Options{SegmentSize: 1})
	require.NoError(t, appendOne(s, "a"))
	c.Fail(failfs.Rule{Kinds: failfs.WriteAt, Pattern: "000001.fbat", Short: 10})
	err := appendOne(s, "b")
	require.ErrorIs(t, err, failfs.ErrInjected)
	require.NotErrorIs(t, err, host.ErrFailed)
	require.NoError(t, appendOne(s, "c"))
	require.NoError(t, s.Close())
	require.Len(t, segmentNames(mem), 2)
	require.Equal(t, []string{"a", "c"}, entities(all(t, place{mem, storeDir}.open(t, host.ReaderOptions{Strict: true}))))
}

// segmentNames are the names of the segments of a store in memory.
func segmentNames(mem *crashfs.FS) (names []string) {
	for name := range mem.Files(storeDir) {
		if ok, _ := filepath.Match("*.fbat", name); ok {
			names = append(names, name)
		}
	}
	return names
}

// TestFailedBegin makes a segment that then cannot be looked at: the file goes
// again, and the next append makes it anew.
func TestFailedBegin(t *testing.T) {
	c, mem, s := notedStore(t, host.Options{})
	c.Fail(failfs.Rule{Kinds: failfs.Lstat, Pattern: "000001.fbat"})
	err := appendOne(s, "a")
	require.ErrorIs(t, err, failfs.ErrInjected)
	require.NotErrorIs(t, err, host.ErrFailed)
	require.Empty(t, segmentNames(mem))
	require.NoError(t, appendOne(s, "b"))
	require.Equal(t, []string{"b"}, entities(all(t, s)))
}

// TestSetAsideOnce stops a recovery after it has set bytes aside: the next one finds
// them and makes no second copy; other bytes of the same place get a name of
// their own.
func TestSetAsideOnce(t *testing.T) {
	const seg = "000001.fbat"
	for _, other := range []bool{false, true} {
		t.Run(fmt.Sprint("other bytes ", other), func(t *testing.T) {
			mem := crashfs.New()
			at := appendSome(t, place{mem, storeDir}.openStore(t, host.Options{Durability: host.LoseUnsynced}), "e", 3)
			mem = stopped(mem)
			p := place{mem, storeDir}
			b := p.read(t, seg)
			b[at[1].Position.End()-1] ^= 1
			p.put(t, map[string][]byte{seg: b})

			stop := failfs.New(mem)
			stop.Fail(failfs.Rule{Kinds: failfs.Rename, Pattern: seg})
			_, err := host.Open(t.Context(), storeDir, host.Options{FS: stop, Logger: quiet})
			require.ErrorIs(t, err, failfs.ErrInjected)
			cut := fmt.Sprintf("%s.cut-%d", seg, at[1].Position.Offset)
			require.Contains(t, mem.Files(storeDir), cut)
			want := cut
			if other {
				p.put(t, map[string][]byte{cut: append([]byte("x"), b[at[1].Position.Offset+1:]...)})
				want += "-2"
			}
			s := p.openStore(t, host.Options{})
			require.Equal(t, want, s.Report().Recovered.SetAside)
			require.NotContains(t, mem.Files(storeDir), map[bool]string{false: cut + "-2", true: cut + "-3"}[other])
			require.Equal(t, b[at[1].Position.Offset:], mem.Files(storeDir)[want])
		})
	}
}
