package host_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/visibility"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// followable is a store that can be followed: in the process of the writer and in another.
type followable interface {
	host.Reader
	Follow(region host.Region, from host.Position, o host.FollowOptions) *host.Follower
}

// followed opens a store, and calls f with it and with a reader of its directory.
func followed(t *testing.T, f func(t *testing.T, st *host.Store, r followable)) {
	for _, name := range []string{"store", "reader"} {
		t.Run(name, func(t *testing.T) {
			p := inMemory(t)
			st := p.openStore(t, host.Options{})
			if name == "store" {
				f(t, st, st)
				return
			}
			f(t, st, p.open(t, host.ReaderOptions{}))
		})
	}
}

// quick looks often, so that tests need not wait.
var quick = host.FollowOptions{MaxPause: time.Millisecond}

// take returns the sequences of the next n events that a follower hands out.
func take(t testing.TB, f *host.Follower, n int) (sequences []uint64) {
	if n == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for e, err := range f.Events(ctx) {
		require.NoError(t, err)
		if sequences = append(sequences, e.Sequence); len(sequences) == n {
			break
		}
	}
	return sequences
}

// rest returns the sequences of what is there.
func rest(t testing.TB, r followable, region host.Region, from host.Position) (sequences []uint64, end host.Position) {
	f := r.Follow(region, from, host.FollowOptions{StopAtEnd: true})
	for e, err := range f.Events(t.Context()) {
		require.NoError(t, err)
		sequences = append(sequences, e.Sequence)
	}
	return sequences, f.Position()
}

// TestFollow: old events, then new ones, each once and in order, over a break too.
func TestFollow(t *testing.T) {
	followed(t, func(t *testing.T, st *host.Store, r followable) {
		f := r.Follow(host.Region{}, host.Position{}, quick)
		require.Zero(t, f.Position())
		appendSome(t, st, "a", 3)
		require.Equal(t, []uint64{0, 1}, take(t, f, 2))
		require.EqualValues(t, 2, f.Position().Sequence)
		require.EqualValues(t, 1, f.Behind())
		require.Equal(t, []uint64{2}, take(t, f, 1))

		// The next event is appended while the follower waits for it.
		got := make(chan []uint64)
		go func() { got <- take(t, f, 3) }()
		appendSome(t, st, "b", 3)
		require.Equal(t, []uint64{3, 4, 5}, <-got)
		want, err := st.Position(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, f.Position())
		require.Zero(t, f.Behind())

		// From the position of a follower nothing is missed or repeated.
		appendSome(t, st, "c", 1)
		again := r.Follow(host.Region{}, f.Position(), quick)
		require.Equal(t, []uint64{6}, take(t, again, 1))
	})
}

// TestFollowPayloads: events come with the payload and their own time, or without both.
func TestFollowPayloads(t *testing.T) {
	followed(t, func(t *testing.T, st *host.Store, r followable) {
		receipts := appendSome(t, st, "a", 2)
		for _, without := range []bool{false, true} {
			o := host.FollowOptions{StopAtEnd: true, WithoutPayloads: without}
			n := 0
			for e, err := range r.Follow(host.Region{}, host.Position{}, o).Events(t.Context()) {
				require.NoError(t, err)
				want, err := r.Get(t.Context(), receipts[n].ID)
				require.NoError(t, err)
				if without {
					want = event.Full{Event: want.Event}
					want.TimestampUS, want.Timed = 0, false
				}
				require.Equal(t, want, e)
				n++
			}
			require.Equal(t, 2, n)
		}
	})
}

// TestFollowPassesOver: the position moves over events of other regions, in the middle and
// at the end, and a follower of rare events that starts again does not read them again.
func TestFollowPassesOver(t *testing.T) {
	followed(t, func(t *testing.T, st *host.Store, r followable) {
		appendSome(t, st, "often", 5)
		appendSome(t, st, "rare", 1)
		appendSome(t, st, "often", 5)
		var told []uint64
		o := quick
		ctx, cancel := context.WithCancelCause(t.Context())
		o.CaughtUp = func(p host.Position) error {
			told = append(told, p.Sequence)
			if p.Sequence == 11 {
				appendSome(t, st, "often", 2)
			} else {
				cancel(errGone)
			}
			return nil
		}
		f := r.Follow(host.Region{Entity: "rare"}, host.Position{}, o)
		var got []uint64
		for e, err := range f.Events(ctx) {
			if err != nil {
				require.Equal(t, errGone, err, "the cause of the context")
				break
			}
			got = append(got, e.Sequence)
			require.EqualValues(t, 6, f.Position().Sequence)
		}
		require.Equal(t, []uint64{5}, got)
		require.Equal(t, []uint64{11, 13}, told)
		require.EqualValues(t, 13, f.Position().Sequence)
	})
}

// TestFollowCaughtUp: it is called at the beginning when nothing is to be read, and its error
// ends the iteration.
func TestFollowCaughtUp(t *testing.T) {
	followed(t, func(t *testing.T, st *host.Store, r followable) {
		for range 2 {
			from, err := st.Position(t.Context())
			require.NoError(t, err)
			f := r.Follow(host.Region{}, from, host.FollowOptions{MaxPause: time.Millisecond, CaughtUp: func(p host.Position) error {
				require.Equal(t, from, p)
				return errGone
			}})
			n := 0
			for _, err := range f.Events(t.Context()) {
				require.Equal(t, errGone, err)
				n++
			}
			require.Equal(t, 1, n)
			appendSome(t, st, "a", 1)
		}
	})
}

// TestFollowCheckpoint: it is called before the first event, in the middle of many, and at
// the end of them; its error ends the iteration.
func TestFollowCheckpoint(t *testing.T) {
	followed(t, func(t *testing.T, st *host.Store, r followable) {
		appendSome(t, st, "often", 2)
		appendSome(t, st, "rare", 2)
		appendSome(t, st, "often", 2)
		follow := func(failAt int) (saved []uint64, seen []uint64, f *host.Follower, last error) {
			o := quick
			o.StopAtEnd = true
			o.Checkpoint = func(p host.Position) error {
				if saved = append(saved, p.Sequence); len(saved) == failAt {
					return errGone
				}
				return nil
			}
			f = r.Follow(host.Region{Entity: "rare"}, host.Position{}, o)
			host.CheckpointEvery(f, 0)
			if failAt == 2 {
				host.CheckpointEvery(f, time.Hour)
			}
			for e, err := range f.Events(t.Context()) {
				if last = err; err == nil {
					seen = append(seen, e.Sequence)
				}
			}
			return saved, seen, f, last
		}
		saved, seen, _, err := follow(0)
		require.NoError(t, err)
		require.Equal(t, []uint64{0, 3, 4, 6}, saved)
		require.Equal(t, []uint64{2, 3}, seen)

		saved, seen, _, err = follow(1)
		require.Equal(t, errGone, err)
		require.Equal(t, []uint64{0}, saved)
		require.Empty(t, seen)

		saved, seen, _, err = follow(2) // once an hour
		require.Equal(t, errGone, err)
		require.Equal(t, []uint64{0, 6}, saved)
		require.Equal(t, []uint64{2, 3}, seen)

		saved, seen, f, err := follow(3)
		require.Equal(t, errGone, err)
		require.Equal(t, []uint64{0, 3, 4}, saved)
		require.Equal(t, []uint64{2, 3}, seen)
		require.EqualValues(t, 4, f.Position().Sequence)
	})
}

// TestFollowRefuses: a position of another store, or beyond the end, is refused before the
// first event.
func TestFollowRefuses(t *testing.T) {
	followed(t, func(t *testing.T, st *host.Store, r followable) {
		refused := func(p host.Position, why error) {
			t.Helper()
			n := 0
			for _, err := range r.Follow(host.Region{}, p, quick).Events(t.Context()) {
				var position *host.PositionError
				require.ErrorAs(t, err, &position)
				require.ErrorIs(t, err, why)
				require.Equal(t, p, position.Position)
				n++
			}
			require.Equal(t, 1, n)
		}
		refused(host.Position{Store: event.ID{1}}, host.ErrOtherStore)
		refused(host.Position{Sequence: 1}, host.ErrBeyondEnd)
		receipts := appendSome(t, st, "a", 3)
		refused(host.Position{Store: event.ID{1}, Sequence: 1}, host.ErrOtherStore)
		refused(host.Position{Store: receipts[0].ID, Sequence: 4}, host.ErrBeyondEnd)
		got, end := rest(t, r, host.Region{}, host.Position{Store: receipts[0].ID, Sequence: 3})
		require.Empty(t, got)
		require.EqualValues(t, 3, end.Sequence)
	})
}

// TestFollowClosed: a follower of a closed store or reader ends with ErrClosed, while it waits
// too.
func TestFollowClosed(t *testing.T) {
	followed(t, func(t *testing.T, st *host.Store, r followable) {
		f := r.Follow(host.Region{}, host.Position{}, quick)
		ended := make(chan error)
		go func() {
			for _, err := range f.Events(t.Context()) {
				ended <- err
			}
		}()
		if reader, ok := r.(*host.DirReader); ok {
			require.NoError(t, reader.Close())
		} else {
			require.NoError(t, st.Close())
		}
		require.ErrorIs(t, <-ended, host.ErrClosed)
		for _, err := range f.Events(t.Context()) {
			require.ErrorIs(t, err, host.ErrClosed)
		}
	})
}

// TestFollowCommittedOnly: in the process of the writer an event that is written but not synced
// is not handed out.
func TestFollowCommittedOnly(t *testing.T) {
	g := newGate()
	s := g.place().openStore(t, host.Options{})
	appendSome(t, s, "e", 3)
	release, first := g.stuck(t, s)
	got, end := rest(t, s, host.Region{}, host.Position{})
	require.Equal(t, []uint64{0, 1, 2}, got)
	require.EqualValues(t, 3, end.Sequence)
	release()
	require.NoError(t, <-first)
	got, _ = rest(t, s, host.Region{}, end)
	require.Equal(t, []uint64{3}, got)
}

// TestFollowReplacedStore: when the directory holds another store, or an older copy, a
// follower ends with an error that says so.
func TestFollowReplacedStore(t *testing.T) {
	for _, c := range []struct {
		name string
		want error
	}{{"another store", host.ErrOtherStore}, {"no store", host.ErrOtherStore}, {"an older copy", host.ErrBeyondEnd}} {
		t.Run(c.name, func(t *testing.T) {
			p, other := inMemory(t), inMemory(t)
			w := newWriter(t, p)
			w.fill(3, 2)
			older := p.read(t, segment.Name(1))
			f := p.open(t, host.ReaderOptions{}).Follow(host.Region{}, host.Position{}, quick)
			take(t, f, len(w.events))
			position := f.Position()
			w.close()
			for id := range w.id {
				p.remove(t, segment.Name(id+1))
			}
			switch c.name {
			case "another store":
				ow := newWriter(t, other)
				ow.ids = 100
				ow.fill(3, 2)
				ow.close()
				for id := range ow.id {
					p.put(t, map[string][]byte{segment.Name(id + 1): other.read(t, segment.Name(id+1))})
				}
			case "an older copy":
				p.put(t, map[string][]byte{segment.Name(1): older})
			}
			for _, err := range f.Events(t.Context()) {
				require.ErrorIs(t, err, c.want)
				var at *host.PositionError
				require.ErrorAs(t, err, &at)
			}
			require.Equal(t, position, f.Position())
		})
	}
}

// TestFollowRewritten: an event that a follower in another process has seen before its write
// failed is gone, and others have its sequence: the follower does not go on after them.
func TestFollowRewritten(t *testing.T) {
	for _, region := range []host.Region{{}, {Entity: "other"}} {
		p := inMemory(t)
		w := newWriter(t, p)
		w.segment()
		w.append("a")
		w.flushAll()
		size := w.size
		w.append("b")
		w.flushAll()
		f := p.open(t, host.ReaderOptions{}).Follow(region, host.Position{}, host.FollowOptions{StopAtEnd: true})
		for _, err := range f.Events(t.Context()) {
			require.NoError(t, err)
		}
		require.EqualValues(t, 2, f.Position().Sequence)
		p.truncate(t, segment.Name(1), size)
		w.size, w.next, w.events, w.entries = size, 1, w.events[:1], w.entries[:1]
		w.landed = 1
		w.append("c")
		w.append("d")
		w.flushAll()
		n := 0
		for _, err := range f.Events(t.Context()) {
			require.ErrorIs(t, err, host.ErrRewritten)
			n++
		}
		require.Equal(t, 1, n)
		w.close()
	}
}

// TestFollowRenumbered: batpak leaves out the numbers of failed appends, which a reader learns
// from the footer. A follower finds its place by the last event.
func TestFollowRenumbered(t *testing.T) {
	p := inMemory(t)
	w := newWriter(t, p)
	w.segment()
	w.append("a")
	w.next += 3 // a failed append of batpak's
	w.append("b")
	w.flushAll()
	f := p.open(t, host.ReaderOptions{}).Follow(host.Region{}, host.Position{}, quick)
	require.Equal(t, []uint64{0, 1}, take(t, f, 2))
	w.append("c")
	w.seal()
	w.flushAll()
	require.Equal(t, []uint64{5}, take(t, f, 1))
	w.close()
}

// TestFollowHidden: a cancelled fence hides the last event that was handed out. That is no
// reason to stop.
func TestFollowHidden(t *testing.T) {
	p := inMemory(t)
	w := newWriter(t, p)
	w.segment()
	w.append("a")
	w.append("b")
	w.flushAll()
	f := p.open(t, host.ReaderOptions{}).Follow(host.Region{}, host.Position{}, quick)
	require.Equal(t, []uint64{0, 1}, take(t, f, 2))
	w.hide(visibility.Range{Start: 1, End: 2})
	w.append("c")
	w.flushAll()
	require.Equal(t, []uint64{2}, take(t, f, 1))
	w.close()
}

// TestFollowDamage: an event that cannot be read ends the iteration, and the position stays
// before it.
func TestFollowDamage(t *testing.T) {
	p := inMemory(t)
	st := p.openStore(t, host.Options{})
	receipts := appendSome(t, st, "a", 3)
	p.damage(t, receipts[1])
	for _, r := range []followable{st, p.open(t, host.ReaderOptions{})} {
		f := r.Follow(host.Region{}, host.Position{}, quick)
		if _, ok := r.(*host.DirReader); ok { // its open found the damage, and leaves the event out
			require.Equal(t, []uint64{0, 2}, take(t, f, 2))
			continue
		}
		require.Equal(t, []uint64{0}, take(t, f, 1))
		for range 2 {
			for _, err := range f.Events(t.Context()) {
				var d *host.Damage
				require.ErrorAs(t, err, &d)
				require.ErrorIs(t, err, damage.Checksum)
			}
			require.EqualValues(t, 1, f.Position().Sequence)
		}
	}
}

// TestFollowManyPages follows more events than one page has, in a loop that appends.
func TestFollowManyPages(t *testing.T) {
	followed(t, func(t *testing.T, st *host.Store, r followable) {
		const total = 10_000
		items := make([]host.Item, total)
		for i := range items {
			items[i] = host.Item{At: event.At(fmt.Sprint("e", i%3), "s"), Kind: event.Data, Payload: i}
		}
		_, err := st.AppendBatch(t.Context(), items)
		require.NoError(t, err)
		f := r.Follow(host.Region{EntityPrefix: "e"}, host.Position{}, quick)
		got := 0
		for e, err := range f.Events(t.Context()) {
			require.NoError(t, err)
			require.EqualValues(t, got, e.Sequence)
			if got++; got == total {
				appendSome(t, st, "e9", 1)
			}
			if got > total {
				break
			}
		}
	})
}

// TestFollowAppendInLoop appends events while others are handed out: none of them is passed
// over with the events of other regions.
func TestFollowAppendInLoop(t *testing.T) {
	followed(t, func(t *testing.T, st *host.Store, r followable) {
		appendSome(t, st, "e", 3)
		f := r.Follow(host.Region{Entity: "e"}, host.Position{}, quick)
		n := uint64(0)
		for e, err := range f.Events(t.Context()) {
			require.NoError(t, err)
			require.Equal(t, n, e.Sequence)
			if n++; n == 100 {
				break
			}
			appendSome(t, st, "e", 2)
		}
	})
}

// TestFollowTogether: several followers of one reader, which all refresh it, miss nothing.
func TestFollowTogether(t *testing.T) {
	followed(t, func(t *testing.T, st *host.Store, r followable) {
		const total, followers = 60, 4
		results := make(chan []uint64, followers)
		for range followers {
			go func() { results <- take(t, r.Follow(host.Region{}, host.Position{}, quick), total) }()
		}
		for range total {
			appendSome(t, st, "e", 1)
		}
		for range followers {
			for i, sequence := range <-results {
				require.EqualValues(t, i, sequence)
			}
		}
	})
}

// TestFollowGone: segments that another process removes while events in them are read are no
// reason to stop: the follower looks again.
func TestFollowGone(t *testing.T) {
	p := place{crashfs.New(), storeDir}
	require.NoError(t, p.fs.MkdirAll(p.dir))
	w := newWriter(t, p)
	w.fill(6, 2)
	w.segment()
	w.putIndex()
	fs := &beforeOpen{FS: p.fs.(*crashfs.FS), name: segment.Name(2)}
	r := place{fs, p.dir}.open(t, host.ReaderOptions{OpenSegments: 1})
	want := ids(w.events)
	removed := false
	fs.call = func() {
		removed = true
		w.compact(t, func() {})
	}
	f := r.Follow(host.Region{}, host.Position{}, host.FollowOptions{StopAtEnd: true})
	var got []event.ID
	for e, err := range f.Events(t.Context()) {
		require.NoError(t, err)
		got = append(got, e.ID)
	}
	require.True(t, removed)
	require.Equal(t, want, got)
	w.close()
}

// damage flips a bit of an event's frame on disk.
func (p place) damage(t *testing.T, receipt host.Receipt) {
	f, err := p.fs.OpenWrite(p.path(segment.Name(receipt.Position.Segment)))
	require.NoError(t, err)
	at := int64(receipt.Position.End()) - 20
	b := make([]byte, 1)
	_, err = f.ReadAt(b, at)
	require.NoError(t, err)
	b[0] ^= 1
	_, err = f.WriteAt(b, at)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}
