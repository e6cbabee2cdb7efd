package commit_test

import (
	"encoding/binary"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
)

// load holds entries with payloads of 200 bytes, for a hundred entities.
type load struct {
	entries []commit.Entry
	last    uint64
}

func newLoad(n int) *load {
	l := &load{entries: make([]commit.Entry, n)}
	payload := make([]byte, 200)
	for i := range payload {
		payload[i] = byte(i * 7)
	}
	for i := range l.entries {
		l.entries[i] = commit.Entry{
			Coordinate: event.At("account-"+strconv.Itoa(i%100), "bank"), Kind: event.Data, Payload: payload,
		}
	}
	return l
}

// fresh gives every entry a new id and returns the entries.
func (l *load) fresh() []commit.Entry {
	for i := range l.entries {
		l.last++
		binary.BigEndian.PutUint64(l.entries[i].ID[:], l.last)
	}
	return l.entries
}

// TestAllocations: an append allocates only when a buffer grows, ever more rarely.
func TestAllocations(t *testing.T) {
	const warm, runs = 40_000, 1000
	log := commit.NewLog(commit.NoHistory{}, 0)
	log.Start(1, 57)
	l := newLoad(100)
	receipts := make([]commit.Receipt, 0, len(l.entries))
	batch := func() {
		var err error
		if receipts, err = log.AppendBatch(receipts[:0], l.fresh(), 1000); err != nil {
			t.Fatal(err)
		}
		log.Commit()
	}
	for range warm / len(l.entries) {
		batch()
	}
	i := 0
	single := testing.AllocsPerRun(runs, func() {
		if i++; i%100 == 1 {
			l.fresh()
		}
		if _, err := log.Append(&l.entries[i%100], 1000); err != nil {
			t.Fatal(err)
		}
		log.Commit()
	})
	require.LessOrEqual(t, single, 1.0)
	for i := range l.entries {
		l.entries[i].Cause = i // each caused by the one before it
	}
	events := testing.AllocsPerRun(50, batch) / float64(len(l.entries))
	require.LessOrEqual(t, events, 1.0)
	t.Logf("allocations: %v an append, %v an event of a batch", single, events)
}

func BenchmarkAppend(b *testing.B) {
	log := commit.NewLog(commit.NoHistory{}, 0)
	log.Start(1, 57)
	l := newLoad(1000)
	b.SetBytes(200)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if i%1000 == 0 {
			l.fresh()
		}
		if _, err := log.Append(&l.entries[i%1000], 1000); err != nil {
			b.Fatal(err)
		}
		if i++; i%1000 == 0 { // a group of a thousand
			log.Commit()
		}
	}
}

func BenchmarkAppendBatch(b *testing.B) {
	log := commit.NewLog(commit.NoHistory{}, 0)
	log.Start(1, 57)
	l := newLoad(1000)
	var receipts []commit.Receipt
	b.SetBytes(200 * 1000)
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if receipts, err = log.AppendBatch(receipts[:0], l.fresh(), 1000); err != nil {
			b.Fatal(err)
		}
		log.Commit()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/event")
}

// BenchmarkAppendKeyed appends events with keys in segments of 100,000, and seals and
// forgets each segment as a writer does.
func BenchmarkAppendKeyed(b *testing.B) {
	log := commit.NewLog(commit.NoHistory{}, 0)
	l := newLoad(1000)
	for i := range l.entries {
		l.entries[i].Key = true
	}
	b.ReportAllocs()
	segment, events := uint64(1), 0
	var footer []byte
	log.Start(segment, 57)
	for i := 0; b.Loop(); i++ {
		if i%1000 == 0 {
			l.fresh()
		}
		if _, err := log.Append(&l.entries[i%1000], 1000); err != nil {
			b.Fatal(err)
		}
		if i%1000 < 999 {
			continue
		}
		log.Commit()
		if events += 1000; events%100_000 == 0 {
			footer = log.Footer(footer[:0])
			segment++
			log.Start(segment, 57)
			for dropped := 0; dropped == 0; {
				var err error
				if dropped, err = log.Forget(100_000); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
}

// BenchmarkHeap reports a log's memory per event of the current segment, with and
// without keys.
func BenchmarkHeap(b *testing.B) {
	for _, keys := range []bool{false, true} {
		b.Run("keys="+strconv.FormatBool(keys), func(b *testing.B) {
			const n = 200_000
			l := newLoad(1000)
			for i := range l.entries {
				l.entries[i].Key = keys
			}
			for b.Loop() {
				before := heap()
				log := commit.NewLog(commit.NoHistory{}, 0)
				log.Start(1, 57)
				for range n / 1000 {
					for i, entries := 0, l.fresh(); i < len(entries); i++ {
						if _, err := log.Append(&entries[i], 1000); err != nil {
							b.Fatal(err)
						}
					}
					log.Commit()
				}
				b.ReportMetric(float64(heap()-before)/n, "heap-B/event")
				runtime.KeepAlive(log)
			}
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
