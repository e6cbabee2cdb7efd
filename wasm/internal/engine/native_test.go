package engine

import (
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/wasm/abi"
)

// native is a host in the same process, so that a profile shows where the guest spends its
// time. wasm/guest/default.pgo is such a profile, by which the compiler optimizes thaw.wasm.
type native struct {
	testing.TB
	engine  Engine
	files   []io.ReaderAt
	store   uint32
	request []byte
	told    [][2]uint64 // the progress so far: done and total
	wants   int         // how often ranges were wanted
}

func newNative(t testing.TB, dir string) *native {
	h := &native{TB: t}
	h.store = uint32(h.engine.NewStore())
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, entry := range entries {
		f, err := os.Open(filepath.Join(dir, entry.Name()))
		require.NoError(t, err)
		t.Cleanup(func() { _ = f.Close() })
		info, err := f.Stat()
		require.NoError(t, err)
		at := h.put([]byte(entry.Name()))
		require.EqualValues(t, len(h.files), h.engine.AddFile(h.store, at, uint32(len(entry.Name())), info.Size(), 0, 0))
		h.files = append(h.files, f)
	}
	return h
}

// put copies b into a buffer of the engine, and frees that of the call before.
func (h *native) put(b []byte) (at uint32) {
	if h.request != nil {
		h.engine.Free(address(h.request))
	}
	at = h.engine.Alloc(uint32(len(b)))
	h.request = h.engine.buffers.byAddress[at].bytes
	copy(h.request, b)
	return at
}

// ask runs a question to its end, and returns its rows.
func (h *native) ask(q abi.Request) (rows int) {
	return h.each(q, func([]byte, int) {})
}

// each is ask that passes on each answer and its number of rows.
func (h *native) each(q abi.Request, take func(answer []byte, count int)) (rows int) {
	request := abi.AppendRequest(nil, &q)
	at := h.put(request)
	state := h.engine.Start(h.store, at, uint32(len(request)))
	for {
		number := binary.LittleEndian.Uint32(h.engine.out[abi.OutTask:])
		count := int(binary.LittleEndian.Uint32(h.engine.out[abi.OutCount:]))
		switch state {
		case abi.Wants:
			t := h.engine.tasks.get(number)
			h.wants++
			for i, p := range t.wanted {
				w := t.wants[i*abi.WantSize:]
				_, err := h.files[binary.LittleEndian.Uint32(w[abi.WantFile:])].ReadAt(p, int64(binary.LittleEndian.Uint64(w[abi.WantOffset:])))
				require.NoError(h, err)
				binary.LittleEndian.PutUint32(w[abi.WantStatus:], abi.WantRead)
			}
		case abi.Rows, abi.Done:
			take(h.answer(number), count)
			if rows += count; state == abi.Done {
				return rows
			}
		case abi.Again:
			told := h.answer(number)
			h.told = append(h.told, [2]uint64{binary.LittleEndian.Uint64(told), binary.LittleEndian.Uint64(told[8:])})
		default:
			require.Fail(h, "a code", state)
		}
		state = h.engine.Step(number)
	}
}

// TestProgressOfVerify: the host gets progress after each segment, although most other pauses are
// skipped.
func TestProgressOfVerify(t *testing.T) {
	h := newNative(t, filepath.Join("..", "..", "..", "core", "internal", "fixture", "testdata", "rotated", "store"))
	require.Equal(t, 1, h.ask(abi.Request{Op: abi.OpVerify}))
	require.NotEmpty(t, h.told)
	last := h.told[len(h.told)-1]
	require.NotZero(t, last[1])
	require.Equal(t, last[1], last[0])
}

// answer returns the current answer: of a task that is over, the spare one.
func (h *native) answer(number uint32) []byte {
	n := binary.LittleEndian.Uint32(h.engine.out[abi.OutLen:])
	if number == 0 {
		return h.engine.spare[:n]
	}
	return h.engine.tasks.get(number).answer[:n]
}

// BenchmarkNative asks the store in THAW_BENCH_STORE, which examples/plugin's benchmarks write.
// `make pgo` takes its profile.
func BenchmarkNative(b *testing.B) {
	dir := os.Getenv("THAW_BENCH_STORE")
	if dir == "" {
		b.Skip("THAW_BENCH_STORE is not set")
	}
	h := newNative(b, dir)
	h.ask(abi.Request{Op: abi.OpOpen, From: 7, Limit: 512})
	const format = abi.FormatRecords
	for _, q := range []struct {
		name string
		ask  func(i int) abi.Request
	}{
		{"entity", func(i int) abi.Request {
			return abi.Request{Op: abi.OpQuery, Format: format, Region: query.Region{Entity: "order:" + strconv.Itoa(i*7919%50_000)}}
		}},
		{"scope", func(i int) abi.Request {
			return abi.Request{Op: abi.OpQuery, Format: format, Region: query.Region{Scope: "shop:" + strconv.Itoa(i%200)}}
		}},
		{"kind", func(i int) abi.Request {
			return abi.Request{Op: abi.OpQuery, Format: format, Region: query.Region{Kinds: event.Only(event.Kind(0x1000 + i%36))}}
		}},
		{"prefix", func(i int) abi.Request {
			return abi.Request{
				Op: abi.OpQuery, Format: format, Region: query.Region{EntityPrefix: "order:1"}, From: uint64(i*7919) % 1_000_000, Limit: 20,
			}
		}},
		{"stream", func(i int) abi.Request {
			return abi.Request{Op: abi.OpStream, Format: format, Region: query.Region{Entity: "order:" + strconv.Itoa(i*7919%50_000)}}
		}},
		{"rows", func(i int) abi.Request {
			return abi.Request{Op: abi.OpQuery, Region: query.Region{Scope: "shop:" + strconv.Itoa(i%200)}}
		}},
		{"payloads", func(i int) abi.Request {
			return abi.Request{Op: abi.OpQuery, Format: abi.FormatFullRows, Region: query.Region{Entity: "order:" + strconv.Itoa(i*7919%50_000)}}
		}},
		{"lines", func(i int) abi.Request {
			return abi.Request{Op: abi.OpQuery, Format: abi.FormatFull, From: uint64(i*7919) % 1_000_000, Limit: 20}
		}},
	} {
		b.Run(q.name, func(b *testing.B) {
			b.ReportAllocs()
			events := 0
			i := 0
			for b.Loop() {
				events += h.ask(q.ask(i))
				i++
			}
			b.ReportMetric(float64(events)/float64(b.N), "events")
		})
	}
}
