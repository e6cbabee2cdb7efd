package interop_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/interop"
)

// together is one store that both sides append to, in turns.
type together struct {
	t   *testing.T
	p   *interop.Program
	dir string
	us  int64
}

func newTogether(t *testing.T) *together {
	return &together{t, peer(t), filepath.Join(t.TempDir(), "store"), clockUS}
}

// thaw opens the store for the time of f, and closes it in order.
func (g *together) thaw(f func(s *thawSession)) {
	g.us += 1_000_000_000
	s := openThaw(g.t, g.dir, uint64(g.us), 0, g.us)
	f(s)
	require.NoError(g.t, s.Close())
	require.NoError(g.t, s.CloseReport().IndexError)
}

// batpak takes steps, and closes in order.
func (g *together) batpak(steps ...interop.Step) []interop.Answer {
	answers, err := g.p.Append(g.t.Context(), g.dir, steps...)
	require.NoError(g.t, err)
	return answers
}

// one is a step that must succeed.
func (g *together) one(asked interop.Asked) interop.Place {
	a := g.batpak(single(asked))[0]
	require.Empty(g.t, a.Error)
	return a.Receipts[0]
}

func single(asked interop.Asked) interop.Step {
	return interop.Step{Items: []interop.Asked{asked}, Single: true}
}

func ask(entity string) interop.Asked {
	return interop.Asked{Entity: entity, Scope: "scope", Kind: 0x1000, Payload: "batpak"}
}

// requireSamePlace compares a receipt of thaw's with one of batpak's.
func requireSamePlace(t *testing.T, r host.Receipt, p interop.Place) {
	require.Equal(t, interop.Place{
		EventID: r.ID.String(), Sequence: r.Sequence,
		Segment: r.Position.Segment, Offset: r.Position.Offset, Length: r.Position.Length,
	}, p)
}

func appendTo(s *thawSession, entity string, options ...host.AppendOption) (host.Receipt, error) {
	return s.Append(s.t.Context(), event.At(entity, "scope"), event.Data, "thaw", options...)
}

// repeatAsked appends with thaw what batpak was asked to append.
func repeatAsked(s *thawSession, a interop.Asked, options ...host.AppendOption) host.Receipt {
	r, err := s.Append(s.t.Context(), event.At(a.Entity, a.Scope), event.Kind(a.Kind), a.Payload, options...)
	require.NoError(s.t, err)
	return r
}

func mustAppendTo(s *thawSession, entity string, options ...host.AppendOption) host.Receipt {
	r, err := appendTo(s, entity, options...)
	require.NoError(s.t, err)
	return r
}

// requireEvents checks that both see n events, and the same ones.
func (g *together) requireEvents(n int) []interop.Line {
	all := recordsShown(g.t, g.dir)
	dump := lines(g.t, g.p, g.dir)
	require.Len(g.t, all, n)
	require.Len(g.t, dump, n)
	for i, line := range dump {
		require.Empty(g.t, line.PayloadError)
		require.Equal(g.t, all[i].sequence, line.Sequence)
		requireFacts(g.t, all[i].facts, line.Facts)
	}
	return dump
}

// TestKeysOfThaw repeats with batpak what thaw appended under keys: batpak finds
// every one, those of batches and fences included, and writes nothing.
func TestKeysOfThaw(t *testing.T) {
	for seed := range seeds(t, 3) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			g := newTogether(t)
			var receipts []host.Receipt
			var at []event.Coordinate
			g.thaw(func(s *thawSession) {
				ctx := t.Context()
				keyed := func(n int) []host.Item {
					items := s.items(n)
					for i := range items {
						items[i].Options = append(items[i].Options, host.WithKey(s.key()))
						at = append(at, items[i].At)
					}
					return items
				}
				items := keyed(1)
				receipts = append(receipts, s.single(items[0])...)
				rs, err := s.AppendBatch(ctx, keyed(3))
				require.NoError(t, err)
				receipts = append(receipts, rs...)
				f := s.Fence()
				for _, it := range keyed(3) {
					_, err := f.Append(it.At, it.Kind, it.Payload, it.Options...)
					require.NoError(t, err)
				}
				rs, err = f.Commit(ctx)
				require.NoError(t, err)
				receipts = append(receipts, rs...)
			})

			var steps []interop.Step
			var whole interop.Step
			for i, r := range receipts {
				key := r.ID.String()
				asked := interop.Asked{Entity: at[i].Entity, Scope: at[i].Scope, Kind: 0x1000, Payload: "again", Key: &key}
				steps = append(steps, single(asked))
				if i >= 1 && i < 4 {
					whole.Items = append(whole.Items, asked)
				}
			}
			answers := g.batpak(append(steps, whole)...)
			for i, r := range receipts {
				require.Empty(t, answers[i].Error)
				requireSamePlace(t, r, answers[i].Receipts[0])
			}
			for i, p := range answers[len(receipts)].Receipts {
				requireSamePlace(t, receipts[1+i], p)
			}
			require.Len(t, answers[len(receipts)].Receipts, 3)
			g.requireEvents(len(receipts))
		})
	}
}

// TestKeysOfBatpak repeats with thaw what batpak appended under keys.
func TestKeysOfBatpak(t *testing.T) {
	g := newTogether(t)
	key := "00112233445566778899aabbccddeeff"
	asked := ask("a")
	asked.Key, asked.Flags = &key, event.FlagRequiresAck
	place := g.one(asked)
	id, err := event.ParseID(key)
	require.NoError(t, err)
	g.thaw(func(s *thawSession) {
		r := repeatAsked(s, asked, host.WithKey(id), host.Expect(host.NoEvents))
		require.True(t, r.Repeated)
		requireSamePlace(t, r, place)
		// The key of something else.
		var ke *host.KeyError
		_, err := appendTo(s, "a", host.WithKey(id))
		require.ErrorAs(t, err, &ke)
		require.Equal(t, []string{"payload"}, ke.Differs)
		require.Equal(t, place.Sequence, ke.Sequence)
		_, err = s.Append(t.Context(), event.At("b", "scope"), event.EffectAck, "batpak", host.WithKey(id), host.AllowReservedKind())
		require.ErrorAs(t, err, &ke)
		require.Equal(t, []string{"entity", "kind"}, ke.Differs)
	})
	g.requireEvents(1)

	// D37: batpak looks the keys of a batch up and does not store them, so the same
	// batch is there twice, under ids that batpak made, and thaw can only say so.
	other := "ffeeddccbbaa99887766554433221100"
	item := ask("b")
	item.Key = &other
	batch := interop.Step{Items: []interop.Asked{item}}
	g.batpak(batch, batch)
	dump := g.requireEvents(3)
	require.NotEqual(t, other, dump[1].EventID)
	require.NotEqual(t, other, dump[2].EventID)
	id, err = event.ParseID(other)
	require.NoError(t, err)
	g.thaw(func(s *thawSession) {
		require.False(t, mustAppendTo(s, "b", host.WithKey(id)).Repeated)
	})
	// Stored by thaw, it is found by batpak's look-up too.
	answer := g.batpak(batch)[0]
	require.Empty(t, answer.Error)
	require.Equal(t, other, answer.Receipts[0].EventID)
	g.requireEvents(4)
}

// TestExpectations compares and appends on both sides of a change of writers.
func TestExpectations(t *testing.T) {
	g := newTogether(t)
	expect := func(clock uint32) interop.Step {
		a := ask("a")
		a.Expect = &clock
		return single(a)
	}
	g.thaw(func(s *thawSession) {
		for i := range uint32(3) {
			require.Equal(t, i, mustAppendTo(s, "a").Clock)
		}
	})
	answers := g.batpak(expect(1), expect(2), expect(2), expect(3))
	require.Contains(t, answers[0].Error, "expected seq 1, got 2")
	require.Empty(t, answers[1].Error)
	require.Contains(t, answers[2].Error, "expected seq 2, got 3")
	require.Empty(t, answers[3].Error)
	g.thaw(func(s *thawSession) {
		_, err := appendTo(s, "a", host.Expect(host.AtClock(3)))
		var ee *host.ExpectError
		require.ErrorAs(t, err, &ee)
		require.EqualValues(t, 4, ee.Actual.Clock)
		_, err = appendTo(s, "a", host.Expect(host.NoEvents))
		require.ErrorIs(t, err, host.ErrConflict)
		require.EqualValues(t, 5, mustAppendTo(s, "a", host.Expect(host.AtClock(4))).Clock)
	})

	// D38: to batpak no event and one event are the same, to thaw they are not.
	zero := uint32(0)
	b := ask("b")
	b.Expect = &zero
	g.thaw(func(s *thawSession) {
		_, err := appendTo(s, "b", host.Expect(host.AtClock(0)))
		require.ErrorIs(t, err, host.ErrConflict)
	})
	answers = g.batpak(single(b), single(b))
	require.Empty(t, answers[0].Error)
	require.Empty(t, answers[1].Error)
	g.thaw(func(s *thawSession) {
		_, err := appendTo(s, "b", host.Expect(host.AtClock(0)))
		require.ErrorIs(t, err, host.ErrConflict)
		require.EqualValues(t, 2, mustAppendTo(s, "b", host.Expect(host.AtClock(1))).Clock)
	})
	dump := g.requireEvents(9)
	require.EqualValues(t, 2, dump[8].Clock)
	require.Equal(t, dump[7].EventHash, dump[8].PrevHash)
}

// TestCancelledByBatpak goes on with an entity whose last events a fence of
// batpak's cancelled. thaw expects what readers see and continues the whole
// chain, where batpak forks it (D31).
func TestCancelledByBatpak(t *testing.T) {
	g := newTogether(t)
	fence := interop.Step{Items: []interop.Asked{ask("a"), ask("new"), ask("a")}, Fence: "cancel"}
	g.one(ask("a"))
	require.Empty(t, g.batpak(fence)[0].Error)
	g.requireEvents(1)
	all := records(t, g.dir)
	require.Len(t, all, 4)
	// D31: the second event of the fence does not see the first one.
	require.EqualValues(t, []uint32{0, 1, 0, 0}, []uint32{all[0].Clock, all[1].Clock, all[2].Clock, all[3].Clock})

	cancelled := all[1].ID
	g.thaw(func(s *thawSession) {
		_, err := appendTo(s, "a", host.WithKey(cancelled))
		var ke *host.KeyError
		require.ErrorAs(t, err, &ke)
		require.True(t, ke.Cancelled)
		_, err = appendTo(s, "a", host.Expect(host.AtClock(1)))
		require.ErrorIs(t, err, host.ErrConflict, "a cancelled event is not seen")
		r := mustAppendTo(s, "a", host.Expect(host.AtClock(0)))
		require.EqualValues(t, 2, r.Clock, "one above the highest, cancelled or not")
		require.EqualValues(t, 4, r.Sequence)
		full, err := s.Get(t.Context(), r.ID)
		require.NoError(t, err)
		require.Equal(t, all[3].EventHash, full.PrevHash)
		r = mustAppendTo(s, "new", host.Expect(host.NoEvents))
		require.EqualValues(t, 1, r.Clock)
	})
	dump := g.requireEvents(3)
	require.EqualValues(t, []uint32{0, 2, 1}, []uint32{dump[0].Clock, dump[1].Clock, dump[2].Clock})

	// batpak goes on from thaw's events, which are the last and visible.
	two, one := uint32(2), uint32(1)
	a, n := ask("a"), ask("new")
	a.Expect, n.Expect = &two, &one
	for _, answer := range g.batpak(single(a), single(n)) {
		require.Empty(t, answer.Error)
	}
	dump = g.requireEvents(5)
	require.EqualValues(t, 3, dump[3].Clock)
	require.Equal(t, dump[1].EventHash, dump[3].PrevHash)
	require.EqualValues(t, 2, dump[4].Clock)

	// D39: batpak does not find the key of a cancelled event and appends it again.
	// Its index leaves the older event out; from the segments, the id is there twice
	// and a look-up finds the event that readers see.
	key := cancelled.String()
	a.Key, a.Expect = &key, nil
	place := g.one(a)
	require.Equal(t, key, place.EventID)
	for _, indexed := range []bool{true, false} {
		if !indexed {
			require.NoError(t, os.Remove(filepath.Join(g.dir, "index.fbati")))
			require.NoError(t, os.Remove(filepath.Join(g.dir, "index.ckpt")))
		}
		r, err := host.OpenReader(t.Context(), g.dir, host.ReaderOptions{})
		require.NoError(t, err)
		require.Equal(t, !indexed, r.Report().DuplicateIDs)
		full, err := r.Get(t.Context(), cancelled)
		require.NoError(t, err)
		require.Equal(t, place.Sequence, full.Sequence)
		require.NoError(t, r.Close())
	}
	g.requireEvents(6)
	g.thaw(func(s *thawSession) {
		r := repeatAsked(s, a, host.WithKey(cancelled))
		require.True(t, r.Repeated)
		requireSamePlace(t, r, place)
	})
}

// recordsShown returns the visible events as thaw reads them.
func recordsShown(t *testing.T, dir string) []truth {
	r, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{
		CheckFrames: true, Strict: true, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	defer r.Close()
	return events(t, r)
}
