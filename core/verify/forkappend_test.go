package verify_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/core/visibility"
)

// TestAppendToFork: batpak 0.4.0 gives clock 0 to the first append after a cancelled fence.
// thaw's next event continues that one with a clock above all earlier ones, which is a
// note and no damage.
func TestAppendToFork(t *testing.T) {
	cases := []struct {
		name   string
		hidden int // events of the cancelled fence
		after  int // events that batpak appended after it
		note   bool
	}{
		{name: "right after the fork", hidden: 1, after: 1, note: true},
		{name: "after a long fence", hidden: 5, after: 2, note: true},
		{name: "after the clocks have caught up", hidden: 1, after: 3},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWriter()
			w.append("a", nil)
			for range c.hidden {
				w.append("a", nil)
			}
			w.files[visibility.FileName] = visibility.AppendFile(nil,
				visibility.Ranges{{Start: 1, End: 1 + uint64(c.hidden)}})
			w.append("a", begin)
			for range c.after - 1 {
				w.append("a", nil)
			}
			require.Empty(t, topics(run(t, w.close())))

			s, err := store.Open(directory.Memory(w.files), store.Options{})
			require.NoError(t, err)
			log := commit.NewLog(store.History{Snapshot: s}, w.next)
			const id = 2
			seg := segment.AppendHeader(nil, segment.Header{CreatedNS: 1, SegmentID: id})
			log.Start(id, uint64(len(seg)))
			for n := range byte(2) {
				e := commit.Entry{
					Coordinate: event.At("a", "scope"), Kind: event.Data,
					Payload: []byte{n}, Hash: hash([]byte{n}), ID: event.ID{15: 200 + n},
				}
				e.Correlation = e.ID
				_, err = log.Append(&e, 1_800_000_000_000_000)
				require.NoError(t, err)
			}
			seg = append(seg, log.Frames()...)
			log.Commit()
			w.files[segment.Name(id)] = log.Footer(seg)

			r := run(t, w.files)
			require.Empty(t, r.Damages)
			var want []verify.Topic
			if c.note {
				want = []verify.Topic{verify.ChainFork}
			}
			require.Equal(t, want, topics(r), "%v", r.Notes)
		})
	}
}

// TestForkClocks: only a clock above all earlier ones continues a fork.
func TestForkClocks(t *testing.T) {
	for clock, sound := range map[uint32]bool{1: true, 2: false, 3: true, 4: false, 5: false, 0: false} {
		w := newWriter()
		w.append("a", nil)
		w.append("a", nil)
		w.append("a", nil)
		last := w.append("a", begin)
		w.append("a", func(b *segment.Body) { follow(last)(b); b.Clock = clock })
		w.files[visibility.FileName] = visibility.AppendFile(nil, visibility.Ranges{{Start: 1, End: 3}})
		require.Equal(t, sound, run(t, w.files).Sound(), "clock %d", clock)
	}
}
