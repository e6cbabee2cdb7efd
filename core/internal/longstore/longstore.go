// Package longstore makes a store whose index is in files: index.fbati with
// index.thaw, a part file after them, and a tail. Only tests import it.
package longstore

import (
	"crypto/sha256"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
)

// Hash stands in for the digest of payloads.
func Hash(payload []byte) event.Hash { return sha256.Sum256(payload) }

// into returns a flush.Write that writes to a slice.
func into(b *[]byte) flush.Write {
	return func(off int64, p []byte) error {
		if n := int(off) + len(p); n > len(*b) {
			*b = append(*b, make([]byte, n-len(*b))...)
		}
		copy((*b)[off:], p)
		return nil
	}
}

// New returns a store of four sealed segments. index.fbati covers two of them
// and a part file one, each with a saved index. The second result is the part
// file's name.
func New(t testing.TB, perSegment int) (files map[string][]byte, part string) {
	files = map[string][]byte{}
	log := commit.NewLog(commit.NoHistory{}, 0)
	var events []commit.Receipt
	write := func(id uint64) {
		seg := segment.AppendHeader(nil, segment.Header{CreatedNS: 1, SegmentID: id})
		log.Start(id, uint64(len(seg)))
		for range perSegment {
			n := len(events)
			payload := []byte{0xcd, byte(n >> 8), byte(n)}
			e := commit.Entry{
				Coordinate: event.At("order:"+strconv.Itoa(n*7919%(perSegment/2)), "shop:"+strconv.Itoa(n%5)),
				Kind:       event.Kind(1+n%3)<<12 | event.Kind(n%11),
				Payload:    payload, Hash: Hash(payload), ID: event.ID{0: byte(n*31 | 1), 7: byte(n >> 8), 15: byte(n)},
			}
			if n%3 == 1 {
				e.Causation, e.Correlation = events[n-1].ID, events[n/2].ID
			}
			r, err := log.Append(&e, 1_790_000_000_000_000+int64(n))
			require.NoError(t, err)
			events = append(events, r)
		}
		seg = append(seg, log.Frames()...)
		log.Commit()
		files[segment.Name(id)] = log.Footer(seg)
	}
	end := func(id uint64) artifact.Watermark {
		return artifact.Watermark{Segment: id, Offset: uint64(len(files[segment.Name(id)]))}
	}
	write(1)
	write(2)
	s, err := store.Open(directory.Memory(files), store.Options{Seed: 5})
	require.NoError(t, err)
	var a, lookups, second []byte
	require.NoError(t, s.Flush(store.Flush{To: end(2), NextSequence: s.Report().NextSequence}, into(&a), into(&lookups)))
	files[artifact.FileName], files[index.FileName] = a, lookups
	write(3)
	s, err = store.Open(directory.Memory(files), store.Options{Seed: 6})
	require.NoError(t, err)
	require.NoError(t, s.Flush(store.Flush{First: 1, To: end(3), NextSequence: s.Report().NextSequence}, nil, into(&second)))
	part = index.PartName(2, 3)
	files[part] = second
	write(4)
	s, err = store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	require.Empty(t, s.Report().Rejected)
	require.Equal(t, 1, s.Report().Parts)
	require.Equal(t, uint64(perSegment), s.Report().TailEvents)
	return files, part
}
