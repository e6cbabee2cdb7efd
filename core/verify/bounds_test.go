package verify_test

import (
	"encoding/binary"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/core/visibility"
)

// maxFindings is the documented bound on the findings of a kind.
const maxFindings = 1000

// TestManyLies: a run lists at most maxFindings findings of a kind, and counts the rest.
func TestManyLies(t *testing.T) {
	w := newWriter()
	for range 3 * maxFindings {
		w.append("a", func(b *segment.Body) { b.PrevHash = event.Hash{1}; b.Depth = 1 })
	}
	r := run(t, w.files)
	require.Len(t, r.Damages, maxFindings)
	require.EqualValues(t, maxFindings/2+2*maxFindings, r.Omitted, "every second break explains the next")
}

// bare makes an event as small as possible.
func bare(b *segment.Body) {
	b.ID, b.Correlation, b.TimestampUS, b.WallMS = event.ID{15: 1}, event.ID{}, 0, 0
	b.Kind, b.Payload, b.PrevHash, b.EventHash, b.Clock = 0, nil, event.Hash{}, event.Hash{}, 0
}

// hostile lists ways to write stores that are as expensive to check as possible.
var hostile = map[string]func(w *writer, n int){
	"names": func(w *writer, n int) {
		for i := range n {
			w.append(strconv.FormatInt(int64(i), 36), func(b *segment.Body) { bare(b); b.Scope = append([]byte("s"), b.Entity...) })
		}
	},
	"one id": func(w *writer, n int) {
		for range n {
			w.append("a", bare)
		}
	},
	"one correlation": func(w *writer, n int) {
		for i := range n {
			w.append("a", func(b *segment.Body) {
				bare(b)
				binary.BigEndian.PutUint64(b.ID[:], uint64(i))
				b.Caused = true
			})
		}
	},
	"broken frames": func(w *writer, n int) {
		for i := range n {
			w.append("a", bare)
			if b := w.files[w.name()]; i%2 == 0 {
				b[len(b)-1] ^= 1
			}
		}
	},
	"false starts": func(w *writer, n int) {
		var start []byte
		start = segment.AppendBody(start, &segment.Body{})[:33]
		b := w.files[w.name()]
		for range 8 * n {
			b = append(append(b, 0, 0xff, 0, 0, 0, 0, 0, 0), start...)
		}
		w.files[w.name()] = b
	},
	"unfinished batches": func(w *writer, n int) {
		for i := range n {
			w.marker(byte(i), 1<<31)
		}
	},
	"segments": func(w *writer, n int) {
		for range n / 10 {
			w.segment()
		}
	},
	"ranges": func(w *writer, n int) {
		rs := make(visibility.Ranges, n)
		for i := range rs {
			rs[i] = visibility.Range{Start: uint64(2 * i), End: uint64(2*i + 1)}
		}
		w.append("a", nil)
		w.files[visibility.FileName] = visibility.AppendFile(nil, rs)
	},
	"footer": func(w *writer, n int) {
		for range n {
			w.append("a", bare)
		}
		for i := range w.footer {
			w.footer[i].Kind++
			w.names.Intern([]byte(strconv.Itoa(i)))
		}
		w.seal()
		d := artifact.NewDraft()
		for i := range w.footer {
			f := w.footer[i].Facts
			f.Clock = 77
			_ = d.Append(&f, []byte("a"), []byte("scope"))
		}
		w.files[artifact.FileName] = d.AppendFile(nil, artifact.Watermark{Segment: 1, Offset: uint64(len(w.files[w.name()]))}, w.next)
	},
}

// TestHostile bounds memory and time on hostile stores.
func TestHostile(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	for name, write := range hostile {
		t.Run(name, func(t *testing.T) {
			w := newWriter()
			write(w, 10_000)
			files := directory.Memory(w.files)
			w.index, w.footer, w.names = nil, nil, nil
			size := uint64(0)
			for _, b := range files {
				size += uint64(len(b))
			}
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			before, peak := m.HeapAlloc, uint64(0)
			done, stopped := make(chan bool), make(chan bool)
			go func() {
				defer close(stopped)
				for {
					select {
					case <-done:
						return
					case <-time.After(2 * time.Millisecond):
						runtime.ReadMemStats(&m)
						peak = max(peak, m.HeapAlloc)
					}
				}
			}()
			start := time.Now()
			r, err := verify.Run(files, verify.Options{Hash: hash})
			took := time.Since(start)
			close(done)
			<-stopped
			require.NoError(t, err)
			used := peak - min(peak, before)
			t.Logf("%d bytes: %d used, %v, %d damages, %d notes, %d omitted", size, used, took, len(r.Damages), len(r.Notes), r.Omitted)
			require.Less(t, used, 16<<20+4*size)
			require.Less(t, took, 20*time.Second)
		})
	}
}
