package verify_test

import (
	"encoding/binary"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/verify"
)

// manySegments returns a store of segments of 2000 events each, with an index of all of
// them.
func manySegments(t *testing.T, segments int) map[string][]byte {
	files := map[string][]byte{}
	log := commit.NewLog(commit.NoHistory{}, 0)
	n := uint64(0)
	var last artifact.Watermark
	for id := uint64(1); id <= uint64(segments); id++ {
		seg := segment.AppendHeader(nil, segment.Header{CreatedNS: 1, SegmentID: id})
		log.Start(id, uint64(len(seg)))
		for range 2000 {
			n++
			payload := binary.BigEndian.AppendUint64([]byte{0xcf}, n)
			e := commit.Entry{
				Coordinate: event.At("order:"+strconv.Itoa(int(n%50)), "shop"), Kind: 0x1000 + event.Kind(n%7),
				Payload: payload, Hash: hash(payload), ID: event.ID{7: 1},
			}
			binary.BigEndian.PutUint64(e.ID[8:], n*0x9E3779B97F4A7C15)
			if e.Correlation = e.ID; n%2 == 0 {
				e.Correlation, e.Causation = event.ID{15: byte(n)}, event.ID{15: byte(n)}
			}
			_, err := log.Append(&e, 1_790_000_000_000_000+int64(n))
			require.NoError(t, err)
		}
		seg = append(seg, log.Frames()...)
		log.Commit()
		files[segment.Name(id)] = log.Footer(seg)
		last = artifact.Watermark{Segment: id, Offset: uint64(len(files[segment.Name(id)]))}
	}
	s, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	into := func(b *[]byte) flush.Write {
		return func(off int64, p []byte) error {
			if n := int(off) + len(p); n > len(*b) {
				*b = append(*b, make([]byte, n-len(*b))...)
			}
			copy((*b)[off:], p)
			return nil
		}
	}
	var a, tables []byte
	require.NoError(t, s.Flush(store.Flush{To: last, NextSequence: s.Report().NextSequence}, into(&a), into(&tables)))
	files[artifact.FileName], files[index.FileName] = a, tables
	return files
}

// peak returns the most memory that a run holds besides the files, measured at every third
// call of Stop.
func peak(t *testing.T, files map[string][]byte) uint64 {
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, most, calls := live(), uint64(0), 0
	r, err := verify.Run(directory.Memory(files), verify.Options{Hash: hash, Stop: func() error {
		if calls++; calls%3 == 0 {
			most = max(most, live())
		}
		return nil
	}})
	require.NoError(t, err)
	require.Empty(t, r.Damages)
	require.NotEmpty(t, files)
	return most - min(before, most)
}

// TestMemoryPerEvent: a run's memory grows by a few bytes per event: with the index, with
// index.fbati alone, and without any index.
func TestMemoryPerEvent(t *testing.T) {
	const few, many = 5, 30
	small, large := manySegments(t, few), manySegments(t, many)
	for name, remove := range map[string][]string{
		"whole": nil, "no index.thaw": {index.FileName}, "no index": {index.FileName, artifact.FileName, checkpoint.FileName},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := peak(t, without(small, remove...)), peak(t, without(large, remove...))
			perEvent := (float64(b) - float64(a)) / (2000 * (many - few))
			t.Logf("%d and %d bytes: %.1f an event", a, b, perEvent)
			require.Less(t, perEvent, 12.0)
			require.Less(t, a, uint64(4<<20), "for one segment")
		})
	}
}
