package plugin

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"

	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/wasm/abi"
	"github.com/thawlog/thaw/wasm/internal/madestore"
	"github.com/thawlog/thaw/wasm/internal/vectors"
)

// wild is an instance with arbitrary calls.
type wild struct {
	*instance
	t testing.TB
}

func newWild(t testing.TB) wild {
	i, err := loaded(t).take(t.Context())
	require.NoError(t, err)
	t.Cleanup(i.close)
	return wild{i, t}
}

// do calls an export, which must not trap.
func (w wild) do(f *function, params ...uint32) int32 {
	wide := make([]uint64, len(params))
	for i, p := range params {
		wide[i] = uint64(p)
	}
	n, err := w.call(w.t.Context(), f, wide...)
	require.NoError(w.t, err)
	return int32(n)
}

// buffer is bytes in a buffer of the instance.
func (w wild) buffer(b []byte) uint32 {
	at := uint32(w.do(&w.alloc, uint32(len(b))))
	require.NotZero(w.t, at)
	to, err := w.bytes(at, uint32(len(b)))
	require.NoError(w.t, err)
	copy(to, b)
	return at
}

func (w wild) request(q abi.Request) (at, n uint32) {
	b := abi.AppendRequest(nil, &q)
	return w.buffer(b), uint32(len(b))
}

// declare makes a store of files, in buffers or by windows, and returns the buffers.
func (w wild) declare(files map[string][]byte, windows bool) (handle uint32, data map[string]uint32) {
	handle, data = uint32(w.do(&w.store)), map[string]uint32{}
	for _, f := range inMemory(files, false).files {
		if !windows && len(f.whole) > 0 {
			data[f.name] = w.buffer(f.whole)
		}
		name := w.buffer([]byte(f.name))
		require.GreaterOrEqual(w.t, w.do(&w.file, handle, name, uint32(len(f.name)), uint32(len(f.whole)), 0, data[f.name]), int32(0))
	}
	return handle, data
}

func made(t testing.TB) map[string][]byte {
	return madestore.New(t, madestore.Shape{Seed: 3, PerSegment: 300, Indexed: 2, Part: 1, Tail: 1, Entities: 40, Scopes: 3})
}

// TestWrongCalls: every wrong number is an error code, and the instance still answers.
func TestWrongCalls(t *testing.T) {
	w := newWild(t)
	name := w.buffer([]byte("000001.fbat"))
	code := func(c abi.Code) int32 { return int32(c) }

	require.Zero(t, w.do(&w.alloc, 0))
	require.Zero(t, w.do(&w.alloc, 1<<31+1))
	require.Equal(t, code(abi.ErrPointer), w.do(&w.free, 0))
	require.Equal(t, code(abi.ErrPointer), w.do(&w.free, name+1))
	freed := w.buffer(make([]byte, 100))
	require.Zero(t, w.do(&w.free, freed))
	require.Equal(t, code(abi.ErrPointer), w.do(&w.free, freed), "freed twice")

	store := uint32(w.do(&w.store))
	for what, c := range map[string]struct {
		want                              abi.Code
		store, name, n, size, flags, data uint32
	}{
		"no store":                 {abi.ErrHandle, 99, name, 11, 0, 0, 0},
		"no name":                  {abi.ErrName, store, name, 0, 0, 0, 0},
		"a long name":              {abi.ErrName, store, name, 1025, 0, 0, 0},
		"a name behind its buffer": {abi.ErrPointer, store, name, 12, 0, 0, 0},
		"a name that was freed":    {abi.ErrPointer, store, freed, 11, 0, 0, 0},
		"a name nowhere":           {abi.ErrPointer, store, 0xfffffff0, 11, 0, 0, 0},
		"an unknown flag":          {abi.ErrRequest, store, name, 11, 0, 2, 0},
		"data that is shorter":     {abi.ErrPointer, store, name, 11, 12, 0, name},
		"data nowhere":             {abi.ErrPointer, store, name, 11, 1, 0, 64},
	} {
		require.Equal(t, code(c.want), w.do(&w.file, c.store, c.name, c.n, c.size, c.flags, c.data), what)
	}
	n, err := w.call(t.Context(), &w.file, uint64(store), uint64(name), 11, 1<<63, 0, 0)
	require.NoError(t, err)
	require.Equal(t, code(abi.ErrSize), int32(n))
	require.Zero(t, w.do(&w.file, store, name, 11, 5, 0, 0))
	require.Equal(t, code(abi.ErrName), w.do(&w.file, store, name, 11, 5, 0, 0), "declared twice")

	open, size := w.request(abi.Request{Op: abi.OpOpen})
	query, _ := w.request(abi.Request{Op: abi.OpQuery})
	require.Equal(t, code(abi.ErrHandle), w.do(&w.start, 99, open, size))
	require.Equal(t, code(abi.ErrPointer), w.do(&w.start, store, open, size+1))
	require.Equal(t, code(abi.ErrPointer), w.do(&w.start, store, 7, size))
	require.Equal(t, code(abi.ErrRequest), w.do(&w.start, store, open, size-1))
	require.Equal(t, code(abi.ErrNotOpen), w.do(&w.start, store, query, size))
	for _, task := range []uint32{0, 1, 1 << 31, 0xffffffff} {
		require.Equal(t, code(abi.ErrHandle), w.do(&w.step, task))
		require.Equal(t, code(abi.ErrHandle), w.do(&w.drop, task))
	}
	require.Equal(t, code(abi.ErrHandle), w.do(&w.closeStore, 0))
	require.Zero(t, w.do(&w.closeStore, store))
	require.Equal(t, code(abi.ErrHandle), w.do(&w.closeStore, store), "closed twice")
	require.Equal(t, code(abi.ErrHandle), w.do(&w.start, store, open, size))
}

// outBlock is what the last call said.
func (w wild) outBlock() (task, at, n, count uint32) {
	b, err := w.bytes(w.out, abi.OutSize)
	require.NoError(w.t, err)
	le := binary.LittleEndian
	return le.Uint32(b), le.Uint32(b[4:]), le.Uint32(b[8:]), le.Uint32(b[12:])
}

// TestTurns: tasks of one store take turns, but not while one waits; what is over is
// over; a buffer of a file stays.
func TestTurns(t *testing.T) {
	w := newWild(t)
	code := func(c abi.Code) int32 { return int32(c) }
	store, data := w.declare(made(t), false)
	open, size := w.request(abi.Request{Op: abi.OpOpen})
	require.EqualValues(t, abi.Done, w.do(&w.start, store, open, size))
	require.Equal(t, code(abi.ErrFrozen), w.do(&w.start, store, open, size))
	require.Equal(t, code(abi.ErrFrozen), w.do(&w.file, store, open, 4, 0, 0, 0))
	for _, at := range data {
		require.Equal(t, code(abi.ErrInUse), w.do(&w.free, at))
	}
	query, size := w.request(abi.Request{Op: abi.OpQuery, Rows: 10})
	var tasks []uint32
	for range 3 {
		require.EqualValues(t, abi.Rows, w.do(&w.start, store, query, size))
		task, _, _, count := w.outBlock()
		require.EqualValues(t, 10, count)
		tasks = append(tasks, task)
	}
	for range 5 {
		for _, task := range tasks {
			require.EqualValues(t, abi.Rows, w.do(&w.step, task))
		}
	}
	require.Zero(t, w.do(&w.drop, tasks[1]))
	require.Equal(t, code(abi.ErrHandle), w.do(&w.step, tasks[1]))
	require.EqualValues(t, abi.Rows, w.do(&w.step, tasks[0]))
	require.Zero(t, w.do(&w.closeStore, store), "with tasks under way")
	require.Equal(t, code(abi.ErrHandle), w.do(&w.step, tasks[0]))
	for _, at := range data {
		require.Zero(t, w.do(&w.free, at))
	}

	store, _ = w.declare(made(t), true)
	require.EqualValues(t, abi.Wants, w.do(&w.start, store, open, 80))
	waiting, _, _, _ := w.outBlock()
	require.Equal(t, code(abi.ErrBusy), w.do(&w.start, store, open, 80))
	for range 20 { // a host that fills nothing: each range then failed
		if w.do(&w.step, waiting) < 0 {
			break
		}
	}
	require.Zero(t, w.do(&w.closeStore, store))
}

// TestTooMany: stores, tasks and buffers are bounded.
func TestTooMany(t *testing.T) {
	w := newWild(t)
	for range abi.MaxStores {
		require.Positive(t, w.do(&w.store))
	}
	require.EqualValues(t, abi.ErrLimit, w.do(&w.store))
	for n := range abi.MaxStores {
		require.Zero(t, w.do(&w.closeStore, uint32(n+1)))
	}
	store, _ := w.declare(made(t), false)
	open, size := w.request(abi.Request{Op: abi.OpOpen})
	require.EqualValues(t, abi.Done, w.do(&w.start, store, open, size))
	query, size := w.request(abi.Request{Op: abi.OpQuery, Rows: 1})
	for range abi.MaxTasks {
		require.EqualValues(t, abi.Rows, w.do(&w.start, store, query, size))
	}
	require.EqualValues(t, abi.ErrLimit, w.do(&w.start, store, query, size))
	require.Zero(t, w.do(&w.closeStore, store))
}

// TestBufferChanges: a host that writes to a file's buffer during a query gets any result or error, and the
// instance still answers correctly for the next store.
func TestBufferChanges(t *testing.T) {
	skipShort(t)
	w := newWild(t)
	random := rand.New(rand.NewPCG(1, 2))
	files := made(t)
	for range 60 {
		store, data := w.declare(files, false)
		open, size := w.request(abi.Request{Op: abi.OpOpen})
		w.do(&w.start, store, open, size)
		for _, q := range []abi.Request{{Op: abi.OpQuery, Format: abi.FormatFull, Rows: 5}, {Op: abi.OpVerify}} {
			request, n := w.request(q)
			state := w.do(&w.start, store, request, n)
			for state > abi.Done {
				for name, at := range data {
					b, err := w.bytes(at, uint32(len(files[name])))
					require.NoError(t, err)
					for range 4 {
						b[random.IntN(len(b))] = byte(random.Uint32())
					}
				}
				task, _, _, _ := w.outBlock()
				state = w.do(&w.step, task)
			}
			require.NotEqual(t, int32(abi.ErrInternal), state)
			w.do(&w.free, request)
		}
		require.Zero(t, w.do(&w.closeStore, store))
		for _, at := range data {
			require.Zero(t, w.do(&w.free, at))
		}
	}
	sound(t, w.instance)
}

// sound requires that an instance still answers correctly.
func sound(t testing.TB, i *instance) {
	c := &vectors.Case{Files: made(t), Questions: vectors.Few()}
	v := newView(loaded(t), inMemory(c.Files, true), &ReaderOptions{})
	loaded(t).give(i)
	m, err := v.declare(t.Context())
	require.NoError(t, err)
	defer m.turn.unlock()
	defer v.empty(m)
	for n, q := range append([]abi.Request{c.Open()}, c.Questions...) {
		require.Equal(t, vectors.Native(c)[n], ask(t, v, m, &q))
	}
}

// TestLyingHost: ranges with arbitrary bytes, and arbitrary words, end in a result or an error.
func TestLyingHost(t *testing.T) {
	w := newWild(t)
	random := rand.New(rand.NewPCG(3, 4))
	files := made(t)
	for range 40 {
		store, _ := w.declare(files, true)
		listed := inMemory(files, false).files
		lies := random.IntN(4) * 20
		run := func(q abi.Request) {
			request, n := w.request(q)
			state := w.do(&w.start, store, request, n)
			for state > abi.Done {
				task, at, length, _ := w.outBlock()
				if state == abi.Wants {
					wants, err := w.bytes(at, length)
					require.NoError(t, err)
					le := binary.LittleEndian
					for ; len(wants) > 0; wants = wants[abi.WantSize:] {
						to, err := w.bytes(le.Uint32(wants[abi.WantPtr:]), le.Uint32(wants[abi.WantLength:]))
						require.NoError(t, err)
						copy(to, listed[le.Uint32(wants)].whole[le.Uint64(wants[abi.WantOffset:]):])
						le.PutUint32(wants[abi.WantStatus:], 0)
						if random.IntN(100) < lies {
							to[random.IntN(len(to))] ^= byte(random.Uint32())
							le.PutUint32(wants[abi.WantStatus:], random.Uint32()%6)
						}
					}
				}
				state = w.do(&w.step, task)
			}
			require.NotEqual(t, int32(abi.ErrInternal), state)
			w.do(&w.free, request)
		}
		run(abi.Request{Op: abi.OpOpen})
		run(abi.Request{Op: abi.OpQuery, Format: abi.FormatFullRows, Limit: 300})
		run(abi.Request{Op: abi.OpVerify})
		require.Zero(t, w.do(&w.closeStore, store))
	}
	sound(t, w.instance)
}

// TestAnything: calls with random numbers and requests of random bytes never trap.
func TestAnything(t *testing.T) {
	w := newWild(t)
	random := rand.New(rand.NewPCG(5, 6))
	store, data := w.declare(made(t), false)
	open, size := w.request(abi.Request{Op: abi.OpOpen})
	require.EqualValues(t, abi.Done, w.do(&w.start, store, open, size))
	request, _ := w.request(abi.Request{})
	number := func() uint32 {
		some := []uint32{0, 1, 2, 3, 80, 81, store, request, open, w.out, 1 << 31, 0xffffffff, uint32(random.IntN(1 << 24))}
		for _, at := range data {
			some = append(some, at)
			break
		}
		return some[random.IntN(len(some))]
	}
	for range 30_000 {
		switch random.IntN(7) {
		case 0:
			w.do(&w.file, number(), number(), number(), number(), number(), number())
		case 1:
			w.do(&w.step, uint32(random.IntN(200)))
		case 2:
			w.do(&w.drop, uint32(random.IntN(200)))
		case 3:
			w.do(&w.start, number(), number(), number())
		case 4:
			if n := uint32(random.IntN(4096)); n > 0 {
				w.do(&w.free, uint32(w.do(&w.alloc, n)))
			}
		default:
			b, err := w.bytes(request, abi.RequestSize)
			require.NoError(t, err)
			for i := range b {
				if b[i] = 0; random.IntN(12) == 0 {
					b[i] = byte(random.Uint32())
				}
			}
			b[0] = byte(random.IntN(14))
			b[4] = byte(random.IntN(5))
			require.NotEqual(t, int32(abi.ErrInternal), w.do(&w.start, store, request, abi.RequestSize))
			if task, _, _, _ := w.outBlock(); task != 0 && random.IntN(4) > 0 {
				w.do(&w.drop, task)
			}
		}
	}
}

// TestBeforeInitialize: without _initialize an export traps, and that is an error.
func TestBeforeInitialize(t *testing.T) {
	p := loaded(t)
	m, err := p.runtime.InstantiateModule(t.Context(), p.compiled, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	require.NoError(t, err)
	_, err = newInstance(t.Context(), m, false)
	var trap *TrapError
	require.ErrorAs(t, err, &trap)
	require.NotErrorIs(t, err, ErrMemory)
	require.True(t, m.IsClosed())
}

// TestTrap: an instance that runs out of memory is closed, its query fails, and the reader continues with
// another.
func TestTrap(t *testing.T) {
	r, err := loaded(t).OpenReader(t.Context(), copyStore(t, "rotated"), ReaderOptions{})
	require.NoError(t, err)
	defer r.Close()
	v, release, err := r.acquire()
	require.NoError(t, err)
	defer release()
	for range 3 {
		m, err := v.lock(t.Context())
		require.NoError(t, err)
		_, err = m.call(context.Background(), &m.alloc, 1_900_000_000) // allowed, and more than the memory
		var trap *TrapError
		require.ErrorAs(t, err, &trap)
		require.Equal(t, "thaw_alloc", trap.Export)
		require.ErrorIs(t, err, ErrMemory)
		var memory *MemoryError
		require.ErrorAs(t, err, &memory)
		require.EqualValues(t, 1<<30, memory.Limit)
		require.ErrorContains(t, err, "thaw: plugin: thaw_alloc: out of memory: Options.Memory allows 1073741824 bytes: ")
		v.unlock(m)
		require.True(t, m.module.IsClosed())
		n, err := r.Count(t.Context(), host.Region{}, 0)
		require.NoError(t, err)
		require.Positive(t, n)
	}
}

// TestDropped: a query that is dropped at its k-th range, for every k, leaves no trace: the store still
// answers correctly.
func TestDropped(t *testing.T) {
	skipShort(t)
	w := newWild(t)
	files := made(t)
	c := &vectors.Case{Files: files, Questions: vectors.Few()}
	want := vectors.Native(c)
	for _, dropped := range []abi.Request{c.Open(), {Op: abi.OpQuery, Format: abi.FormatFullRows}, {Op: abi.OpVerify}} {
		for k := 0; ; k++ {
			v := newView(loaded(t), inMemory(files, true), &ReaderOptions{})
			loaded(t).give(w.instance)
			m, err := v.declare(t.Context())
			require.NoError(t, err)
			require.Same(t, w.instance, m.instance)
			if open := c.Open(); dropped.Op != abi.OpOpen {
				require.Equal(t, want[0], ask(t, v, m, &open))
			}
			over := w.dropAt(v, m, &dropped, k)
			if dropped.Op != abi.OpOpen {
				for n, q := range c.Questions[:3] {
					require.Equal(t, want[n+1], ask(t, v, m, &q), "%d at %d", dropped.Op, k)
				}
			}
			v.empty(m)
			m.turn.unlock()
			<-loaded(t).idle // it stays this test's
			if over {
				require.Positive(t, k)
				break
			}
			if k > 12 {
				k += k / 4
			}
		}
	}
}

// dropAt asks a question and drops it when it wants ranges for the k-th time. It
// reports whether the question was over before.
func (w wild) dropAt(v *view, m *member, q *abi.Request, k int) (over bool) {
	b := abi.AppendRequest(nil, q)
	require.NoError(w.t, m.put(w.t.Context(), b))
	state := w.do(&w.start, m.handle, m.request, uint32(len(b)))
	t := &question{view: v, member: m}
	for state > abi.Done {
		t.task, t.at, t.n, t.count = w.outBlock()
		if state == abi.Wants {
			if k == 0 {
				require.Zero(w.t, w.do(&w.drop, t.task))
				return false
			}
			k--
			require.NoError(w.t, t.supply())
		}
		state = w.do(&w.step, t.task)
	}
	require.Zero(w.t, state)
	return true
}

// TestLost: an iteration whose instance traps in another query ends with an error, and the reader still
// works.
func TestLost(t *testing.T) {
	r, _ := openMade(t, ReaderOptions{})
	var got error
	for _, err := range r.Query(t.Context(), host.Region{}, host.Page{}) {
		if got = err; err != nil {
			break
		}
		v, release, err := r.acquire()
		require.NoError(t, err)
		if len(v.members) > 0 {
			m := v.members[0]
			m.turn.lock()
			_, err = m.call(t.Context(), &m.alloc, 1_900_000_000)
			v.unlock(m)
			require.Error(t, err)
		}
		release()
	}
	require.ErrorIs(t, got, ErrLost)
	require.ErrorIs(t, got, ErrMemory, "the reason")
	require.Len(t, all(t, r), 1200)
}
