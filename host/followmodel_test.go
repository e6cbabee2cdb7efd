package host_test

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// followWorld is a store with followers in the process of the writer and in others, and what
// both must show.
type followWorld struct {
	*rapid.T
	disk      *crashfs.FS
	store     *host.Store
	events    []event.Event // everything that was acknowledged, or survived
	followers []*modelFollower
}

// modelFollower is a follower whose process ends and begins again. Its position survives.
type modelFollower struct {
	region host.Region
	own    bool // in the process of the writer
	from   host.Position
	got    []event.ID

	reader   *host.DirReader
	follower *host.Follower
}

func (w *followWorld) options() host.Options {
	return host.Options{FS: w.disk, SegmentSize: 2500, TailLimit: 1, Logger: quiet}
}

func (w *followWorld) open() {
	var err error
	w.store, err = host.Open(w.Context(), storeDir, w.options())
	require.NoError(w, err)
}

// append appends a batch, or several events.
func (w *followWorld) append() error {
	n := rapid.IntRange(1, 6).Draw(w.T, "events")
	items := make([]host.Item, n)
	for i := range items {
		entity := rapid.SampledFrom([]string{"a", "b", "rare"}).Draw(w.T, "entity")
		items[i] = host.Item{At: event.At(entity, "s"), Kind: event.Data, Payload: i}
	}
	appendItems := w.store.AppendEach
	if rapid.Bool().Draw(w.T, "batch") {
		appendItems = w.store.AppendBatch
	}
	receipts, err := appendItems(w.Context(), items)
	for i, r := range receipts {
		e := event.Event{Coordinate: items[i].At}
		e.ID, e.Sequence = r.ID, r.Sequence
		w.events = append(w.events, e)
	}
	return err
}

// crash cuts the power at some operation of an append. Every process dies.
func (w *followWorld) crash() {
	at, n := rapid.IntRange(1, 12).Draw(w.T, "operation"), 0
	seed, survive := rapid.Uint64().Draw(w.T, "seed"), rapid.SampledFrom([]int{0, 50, 100}).Draw(w.T, "survive")
	var after *crashfs.FS
	w.disk.OnOp(func(op crashfs.Op) {
		if n++; n != at {
			return
		}
		cut := crashfs.Cut{Seed: seed, Survive: survive}
		if op.Kind == crashfs.WriteAt && survive == 50 {
			cut.Torn = &crashfs.Torn{Op: op, Keep: rand.New(rand.NewPCG(seed, 1)).IntN(len(op.Data) + 1)}
		}
		after = w.disk.Crash(cut)
	})
	before := len(w.events)
	require.NoError(w, w.append())
	w.disk.OnOp(nil)
	if after == nil {
		after = w.disk.Crash(crashfs.Cut{Seed: seed, Survive: survive})
	} else { // what the append returned is not known
		w.events = w.events[:before]
	}
	require.NoError(w, w.store.Close())
	for _, f := range w.followers {
		w.end(f)
	}
	w.disk = after
	w.open()
	found := collect(w, w.store.Query(w.Context(), host.Region{}, host.Page{}))
	require.GreaterOrEqual(w, len(found), before)
	require.Equal(w, ids(w.events), ids(found[:len(w.events)]))
	w.events = found
}

// end ends the process of a follower.
func (w *followWorld) end(f *modelFollower) {
	if f.reader != nil {
		require.NoError(w, f.reader.Close())
	}
	f.reader, f.follower = nil, nil
}

// follow lets a follower hand out some events, or all that are there.
func (w *followWorld) follow(f *modelFollower) {
	if f.follower == nil {
		var r followable = w.store
		if !f.own {
			var err error
			f.reader, err = host.OpenReader(w.Context(), storeDir, host.ReaderOptions{FS: w.disk, Logger: quiet, Strict: true})
			require.NoError(w, err)
			r = f.reader
		}
		f.follower = r.Follow(f.region, f.from, host.FollowOptions{StopAtEnd: true})
	}
	most, n := rapid.SampledFrom([]int{1, 2, 5, 1 << 30}).Draw(w.T, "most"), 0
	for e, err := range f.follower.Events(w.Context()) {
		require.NoError(w, err)
		f.got = append(f.got, e.ID)
		f.from = f.follower.Position()
		require.Equal(w, e.Sequence+1, f.from.Sequence)
		if n++; n == most {
			break
		}
	}
	f.from = f.follower.Position()
	var want []event.ID
	for _, e := range w.events {
		if f.region.Entity == "" || f.region.Entity == e.Entity {
			want = append(want, e.ID)
		}
	}
	require.LessOrEqual(w, len(f.got), len(want))
	require.True(w, slices.Equal(want[:len(f.got)], f.got), "a follower skipped, repeated or reordered")
	if n < most {
		require.Len(w, f.got, len(want), "it is not at the end")
		require.EqualValues(w, len(w.events), f.from.Sequence)
	}
}

// TestFollowModel runs a writer that appends, flushes, closes and crashes, and followers in its
// process and in others, which end and begin again, against a slice of events: none skips,
// repeats or reorders.
func TestFollowModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := &followWorld{T: rt, disk: crashfs.New()}
		require.NoError(rt, w.disk.MkdirAll(storeDir))
		require.NoError(rt, w.disk.SyncDir(filepath.Dir(storeDir)))
		w.open()
		for _, own := range []bool{true, false, false} {
			for _, entity := range []string{"", "rare"} {
				w.followers = append(w.followers, &modelFollower{region: host.Region{Entity: entity}, own: own})
			}
		}
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			f := rapid.SampledFrom(w.followers).Draw(rt, "follower")
			switch rapid.SampledFrom([]string{"append", "append", "append", "follow", "follow", "follow", "follow", "refresh", "end", "reopen", "crash"}).Draw(rt, "step") {
			case "append":
				require.NoError(rt, w.append())
			case "follow":
				w.follow(f)
			case "refresh":
				if f.reader != nil {
					_, err := f.reader.Refresh(rt.Context())
					require.NoError(rt, err)
				}
			case "end":
				w.end(f)
			case "reopen":
				require.NoError(rt, w.store.Close())
				w.open()
				for _, f := range w.followers {
					if f.own {
						f.follower = nil
					}
				}
			case "crash":
				w.crash()
			}
		}
		for _, f := range w.followers {
			for range 2 {
				w.follow(f)
			}
			w.end(f)
		}
		require.NoError(rt, w.store.Close())
	})
}
