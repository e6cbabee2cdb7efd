package store_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
)

// read is an event with the text of its error, "" without one.
type read struct {
	event.Full
	err string
}

// readAll reads an iteration to its end, and returns the error that ended it.
func readAll(all func(func(event.Full, error) bool)) (out []read, end error) {
	for full, err := range all {
		if err != nil && full.Event == (event.Event{}) {
			return out, err
		}
		full.Payload = slices.Clone(full.Payload)
		one := read{Full: full}
		if err != nil {
			one.err = err.Error()
		}
		out = append(out, one)
	}
	return out, nil
}

// TestGoingOn: iterations pass over damaged frames, in their place, whatever reads them.
func TestGoingOn(t *testing.T) {
	files, events := timed(t, 600)
	bad := map[uint64]bool{}
	for _, i := range []int{0, 1, 17, 18, 19, 200, 333, 334, 2*len(events)/3 - 1} {
		e := events[i]
		name := segment.Name(e.Position.Segment)
		files[name] = slices.Clone(files[name])
		files[name][e.Position.Offset+uint64(e.Position.Length)-3] ^= 4
		bad[e.Sequence] = true
	}
	for _, checked := range []bool{false, true} {
		sound, err := store.Open(directory.Memory(files), store.Options{CheckFrames: checked})
		require.NoError(t, err)
		s := sound.GoingOn()
		entity := events[17].Entity
		middle := events[len(events)/2]
		times := map[string]query.Times{
			"any time": {}, "own times": query.Times{}.Since(middle.TimestampUS - 40_000).Until(middle.TimestampUS + 10_000),
			"since": query.Times{}.Since(middle.TimestampUS), "wall": query.Times{}.Since(middle.TimestampUS).ByWall(),
		}
		for name, times := range times {
			for _, r := range []query.Region{{}, {Entity: entity}, {EntityPrefix: "e", Scope: "s1"}} {
				r.Times = times
				for _, page := range []query.Page{{}, {Reverse: true}, {Limit: 1}, {Limit: 150, From: 5}, {Limit: 40, Reverse: true, To: 300}} {
					var want []read
					for _, e := range events {
						any := r
						any.Times = query.Times{}
						in := r.Has(&e)
						if bad[e.Sequence] && name != "any time" && name != "wall" {
							// Its own time is not known, but that it is not after WallMS.
							since, until, hasSince, hasUntil := times.Bounds()
							in = any.Has(&e) && (!hasSince || int64(e.WallMS)*1000+999 >= since)
							require.True(t, hasSince && (!hasUntil || until > since))
						}
						if !in || e.Sequence < page.From || page.To > 0 && e.Sequence >= page.To {
							continue
						}
						e.TimestampUS, e.Timed = 0, false
						full, err := sound.Read(e)
						require.Equal(t, bad[e.Sequence], err != nil)
						if err != nil {
							full = event.Full{Event: e}
							want = append(want, read{Full: full, err: err.Error()})
							continue
						}
						want = append(want, read{Full: full})
					}
					if page.Reverse {
						slices.Reverse(want)
					}
					if page.Limit > 0 {
						want = want[:min(len(want), page.Limit)]
					}
					got, err := readAll(s.ReadEach(s.Query(r, page)))
					require.NoError(t, err)
					require.Equal(t, want, got, "%s %+v %+v", name, r, page)
				}
			}
		}
		require.Equal(t, sound.Report(), s.Report())
		got, err := readAll(s.ReadEach(s.Stream(entity, query.StreamPage{})))
		require.NoError(t, err)
		failures := 0
		for _, one := range got {
			require.Equal(t, entity, one.Entity)
			require.Equal(t, bad[one.Sequence], one.err != "")
			if one.err != "" {
				failures++
			}
		}
		require.Positive(t, failures)
		n, err := sound.Count(query.Region{Entity: entity}, 0)
		require.NoError(t, err)
		require.Len(t, got, int(n))

		// Without it the first damage ends the iteration.
		_, err = readAll(sound.ReadEach(sound.Query(query.Region{}, query.Page{})))
		var lost *damage.Damage
		require.ErrorAs(t, err, &lost)

		unknown := []event.Event{events[5], {Facts: event.Facts{ID: event.ID{9}}}, events[1], events[6]}
		for i := range unknown {
			unknown[i].TimestampUS, unknown[i].Timed = 0, false
		}
		got, err = readAll(s.ReadEach(func(yield func(event.Event, error) bool) {
			for _, e := range unknown {
				if !yield(e, nil) {
					return
				}
			}
		}))
		require.NoError(t, err)
		require.Len(t, got, 4)
		for i, failed := range []bool{false, true, true, false} {
			require.Equal(t, failed, got[i].err != "")
			require.Equal(t, unknown[i].ID, got[i].ID)
		}
	}
}

// withoutSecond is a directory of which one segment fails.
type withoutSecond struct {
	directory.Memory
	err *error
}

func (f withoutSecond) Open(name string) (source.Source, error) {
	if name == segment.Name(2) && *f.err != nil {
		return nil, *f.err
	}
	return f.Memory.Open(name)
}

// TestGoingOnEnds: a file that is gone or cannot be read ends the iteration, after the events
// before it.
func TestGoingOnEnds(t *testing.T) {
	files, events := timed(t, 300)
	for _, cause := range []error{source.ErrGone, errors.New("no more files")} {
		var failed error
		opened, err := store.Open(withoutSecond{files, &failed}, store.Options{})
		require.NoError(t, err)
		failed = cause
		s := opened.GoingOn()
		for _, r := range []query.Region{{}, {Times: query.Times{}.Since(1)}} {
			got, err := readAll(s.ReadEach(s.Query(r, query.Page{})))
			require.ErrorIs(t, err, cause)
			require.Len(t, got, len(events)/3)
			for e, err := range s.Query(r, query.Page{}) {
				require.Equal(t, err != nil, e == event.Event{}, "an error that ends the iteration comes without an event")
			}
		}
	}
}

// TestFrameBytes: the bytes of a frame, sound or not, as far as they are there.
func TestFrameBytes(t *testing.T) {
	files, events := timed(t, 300)
	var failed error
	s, err := store.Open(withoutSecond{files, &failed}, store.Options{})
	require.NoError(t, err)
	e := events[150]
	seg := files[segment.Name(e.Position.Segment)]
	want := slices.Clone(seg[e.Position.Offset:][:e.Position.Length])
	got, err := s.FrameBytes(e)
	require.NoError(t, err)
	require.Equal(t, want, got)
	got[0]++
	require.Equal(t, want, seg[e.Position.Offset:][:e.Position.Length], "a copy")
	seg[e.Position.Offset+9] ^= 1
	got, err = s.FrameBytes(e)
	require.NoError(t, err)
	require.NotEqual(t, want, got)

	files[segment.Name(2)] = seg[:e.Position.Offset+20]
	got, err = s.FrameBytes(e)
	require.NoError(t, err)
	require.Len(t, got, 20)
	files[segment.Name(2)] = seg[:e.Position.Offset]
	var lost *damage.Damage
	_, err = s.FrameBytes(e)
	require.ErrorAs(t, err, &lost)
	require.Equal(t, damage.Shortened, lost.Reason)

	failed = source.ErrGone
	_, err = s.FrameBytes(e)
	require.ErrorAs(t, err, &lost)
	require.Equal(t, damage.SegmentMissing, lost.Reason)
	failed = errors.New("no more files")
	_, err = s.FrameBytes(e)
	require.ErrorIs(t, err, source.ErrRead)
	require.ErrorIs(t, err, failed)

	_, err = s.FrameBytes(event.Event{Facts: event.Facts{ID: event.ID{1}}})
	require.Equal(t, store.ErrNotFound, err)
	_, err = s.FrameBytes(event.Event{})
	require.Error(t, err)
	require.NotEqual(t, store.ErrNotFound, err)
}
