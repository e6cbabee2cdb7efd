package host_test

import (
	"bytes"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// longTail makes a store of 7,000 events in some segments, without an index, and returns
// its files.
func longTail(t *testing.T) map[string][]byte {
	p := inMemory(t)
	s, err := host.Open(background, p.dir, host.Options{FS: p.fs, SegmentSize: 300_000, TailLimit: 1 << 40})
	require.NoError(t, err)
	var batch []host.Item
	for i := range 7000 {
		it := host.Item{At: event.At("e"+string(rune('a'+i%23)), "s"), Kind: event.Kind(0x1001 + i%3), Payload: host.Raw{0xc0}}
		if batch = append(batch, it); len(batch) == 100 {
			_, err = s.AppendEach(background, batch)
			require.NoError(t, err)
			batch = batch[:0]
		}
	}
	require.NoError(t, s.Close())
	files := map[string][]byte{}
	for _, name := range listNames(t, p) {
		if bytes.HasSuffix([]byte(name), []byte(".fbat")) {
			files[name] = p.read(t, name)
		}
	}
	require.Greater(t, len(files), 4)
	return files
}

// scratchOf returns how many scratch files the work made, and the store's files after it.
func scratchOf(t *testing.T, files map[string][]byte, work func(p place)) (scratch int, after map[string][]byte) {
	fs := crashfs.New()
	p := place{fs, storeDir}
	require.NoError(t, fs.MkdirAll(storeDir))
	p.put(t, files)
	fs.OnOp(func(op crashfs.Op) {
		if op.Kind == crashfs.Create && bytes.Contains([]byte(op.Name), []byte("scratch-")) {
			scratch++
		}
	})
	work(p)
	after = map[string][]byte{}
	for _, name := range listNames(t, p) {
		after[name] = p.read(t, name)
	}
	delete(after, "thaw.lock")
	return scratch, after
}

// TestRebuildInBoundedMemory: with little memory, a rebuild puts records aside and writes the
// same bytes; its report is the same.
func TestRebuildInBoundedMemory(t *testing.T) {
	files := longTail(t)
	var reports []host.Report
	rebuild := func(memory int) func(p place) {
		return func(p place) {
			r, err := host.Rebuild(background, p.dir, host.RebuildOptions{Options: host.Options{FS: p.fs, IndexMemory: memory}})
			require.NoError(t, err)
			r.Took, r.IndexBytes = 0, 0
			reports = append(reports, r)
		}
	}
	none, want := scratchOf(t, files, rebuild(1<<30))
	require.Zero(t, none)
	some, got := scratchOf(t, files, rebuild(300_000))
	require.Equal(t, 1+4, some) // the records that the open put aside, and what the index did
	require.Equal(t, want[artifact.FileName], got[artifact.FileName])
	require.Equal(t, len(want[index.FileName]), len(got[index.FileName])) // seeds differ
	require.Equal(t, len(want), len(got))
	require.Equal(t, reports[0], reports[1])
	require.EqualValues(t, 7000, reports[1].Events)
}

// TestRebuildOfDamageInBoundedMemory: in bounded memory too, a rebuild refuses damage and leaves the index as
// it was, unless the damage is accepted.
func TestRebuildOfDamageInBoundedMemory(t *testing.T) {
	files := longTail(t)
	_, files = scratchOf(t, files, func(p place) {
		_, err := host.Rebuild(background, p.dir, host.RebuildOptions{Options: host.Options{FS: p.fs}})
		require.NoError(t, err)
	})
	broken := bytes.Clone(files["000004.fbat"])
	broken[len(broken)/3] ^= 1
	files["000004.fbat"] = broken
	for _, accept := range []bool{false, true} {
		var want map[string][]byte
		for _, memory := range []int{1 << 30, 300_000} {
			_, got := scratchOf(t, files, func(p place) {
				_, err := host.Rebuild(background, p.dir, host.RebuildOptions{Options: host.Options{FS: p.fs, IndexMemory: memory}, AcceptDamage: accept})
				if accept {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, host.ErrDamaged)
				}
			})
			if !accept {
				require.Equal(t, files[index.FileName], got[index.FileName])
			}
			delete(got, index.FileName)
			if want == nil {
				want = maps.Clone(got)
			}
			require.Equal(t, want, got)
		}
	}
}

// TestOpenOfALongTail: an open for writing of a store without an index writes one first if
// there are many events, and goes on as ever.
func TestOpenOfALongTail(t *testing.T) {
	files := longTail(t)
	damaged := maps.Clone(files)
	damaged["000004.fbat"] = bytes.Clone(files["000004.fbat"])
	damaged["000004.fbat"][1000] ^= 1
	for name, files := range map[string]map[string][]byte{"sound": files, "damaged": damaged} {
		t.Run(name, func(t *testing.T) {
			var counts []uint64
			var events [][]event.Event
			for _, memory := range []int{1 << 30, 300_000} {
				scratch, after := scratchOf(t, files, func(p place) {
					s, err := host.Open(background, p.dir, host.Options{FS: p.fs, IndexMemory: memory})
					require.NoError(t, err)
					appendSome(t, s, "ea", 3)
					counts = append(counts, s.Report().Events)
					events = append(events, all(t, s))
					if name == "sound" && memory < 1<<30 {
						require.Equal(t, host.FromIndex, s.Report().OpenedFrom)
					}
					require.NoError(t, s.Close())
				})
				require.Equal(t, memory < 1<<30, scratch > 0)
				require.Equal(t, name == "sound", after[artifact.FileName] != nil)
				for name := range after {
					require.NotContains(t, name, ".tmp")
				}
			}
			require.Equal(t, len(events[0]), len(events[1]))
			for i := range events[0] {
				require.Equal(t, events[0][i].Sequence, events[1][i].Sequence)
				require.Equal(t, events[0][i].Clock, events[1][i].Clock)
			}
			require.Equal(t, counts[0], counts[1])
		})
	}
}
