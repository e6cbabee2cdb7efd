package engine

import (
	"encoding/binary"
	"runtime"

	corestore "github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/wasm/abi"
)

// Engine is the state of a guest.
type Engine struct {
	buffers buffers
	stores  handles[store]
	tasks   handles[task]
	out     [abi.OutSize]byte
	inside  bool // during a call
	// spare is the answer buffer of a finished task, for the next one.
	spare []byte
	idle  []*worker
	// lastTask is a finished task, for the next one.
	lastTask *task
	// records is reused by one task after the other.
	records records
}

// store is a declared directory and the store opened from it.
type store struct {
	files    files
	frozen   bool
	snapshot *corestore.Snapshot
	// checksFrames is set when every event that an iteration returns was read from its
	// frame.
	checksFrames bool
	unopened     bool
	broken       bool
	waiting      *task // for ranges
	tasks        map[uint32]*task
}

// keptWants is the highest number of ranges for which the lists of a task are kept.
const keptWants = 4096

// Out returns the address of the out block.
func (e *Engine) Out() uint32 { return address(e.out[:]) }

// Alloc returns the address of n bytes that belong to the host until Free, or 0.
func (e *Engine) Alloc(n uint32) uint32 { return e.buffers.alloc(n) }

// Free frees a buffer.
func (e *Engine) Free(at uint32) abi.Code { return e.buffers.free(at) }

// NewStore returns the handle of a new store without files, or a code.
func (e *Engine) NewStore() int32 {
	n := e.stores.put(&store{tasks: map[uint32]*task{}}, abi.MaxStores)
	if n == 0 {
		return int32(abi.ErrLimit)
	}
	return int32(n)
}

// AddFile declares a file of a store and returns its number, or a code. data is the address
// of its contents, or 0 if the file is read by windows.
func (e *Engine) AddFile(handle, nameAt, nameLen uint32, size int64, flags, data uint32) int32 {
	s := e.stores.get(handle)
	switch {
	case s == nil:
		return int32(abi.ErrHandle)
	case s.frozen:
		return int32(abi.ErrFrozen)
	case nameLen == 0 || nameLen > abi.MaxName:
		return int32(abi.ErrName)
	case flags&^abi.FileOdd != 0:
		return int32(abi.ErrRequest)
	case size < 0 || data != 0 && size > abi.MaxAlloc:
		return int32(abi.ErrSize)
	}
	_, name := e.buffers.find(nameAt, nameLen)
	if name == nil {
		return int32(abi.ErrPointer)
	}
	var in *buffer
	var bytes []byte
	if data != 0 {
		if in, bytes = e.buffers.find(data, uint32(size)); in == nil {
			return int32(abi.ErrPointer)
		}
	}
	n, code := s.files.add(string(name), size, flags&abi.FileOdd != 0, in, bytes)
	if code != 0 {
		return int32(code)
	}
	return int32(n)
}

// CloseStore ends the tasks of a store and removes it.
func (e *Engine) CloseStore(handle uint32) abi.Code {
	s := e.stores.get(handle)
	if s == nil {
		return abi.ErrHandle
	}
	for n, t := range s.tasks {
		e.end(n, t)
	}
	s.files.release()
	e.stores.drop(handle)
	return 0
}

// Start starts a task and runs it to its first answer. It returns a state or a code.
func (e *Engine) Start(handle, at, n uint32) int32 {
	e.clear()
	s := e.stores.get(handle)
	_, raw := e.buffers.find(at, n)
	switch {
	case s == nil:
		return int32(abi.ErrHandle)
	case raw == nil:
		return int32(abi.ErrPointer)
	case s.broken:
		return int32(abi.ErrBroken)
	case s.waiting != nil:
		return int32(abi.ErrBusy)
	}
	q, err := abi.DecodeRequest(raw)
	if err != nil {
		return int32(abi.ErrRequest)
	}
	if code := s.ready(q.Op); code != 0 {
		return int32(code)
	}
	if len(q.Row) > 0 {
		q.Row = append([]byte{}, q.Row...) // the buffer belongs to the host
	}
	t := e.lastTask
	if e.lastTask = nil; t == nil {
		t = new(task)
	}
	*t = task{engine: e, store: s, request: q, answer: e.spare[:0], wants: t.wants[:0], wanted: t.wanted[:0]}
	t.mostRows, t.mostBytes = bounds(&q)
	t.number = e.tasks.put(t, abi.MaxTasks)
	if t.number == 0 {
		return int32(abi.ErrLimit)
	}
	e.spare = nil
	s.frozen = true
	s.tasks[t.number] = t
	t.begin()
	return e.run(t)
}

// ready returns the code with which a store refuses an operation, 0 if it does not.
func (s *store) ready(op uint32) abi.Code {
	switch {
	case op == abi.OpVerify:
		return 0
	case s.unopened:
		return abi.ErrUnopened
	case op == abi.OpOpen && s.frozen:
		return abi.ErrFrozen
	case op != abi.OpOpen && s.snapshot == nil:
		return abi.ErrNotOpen
	}
	return 0
}

// Step runs a task to its next answer. It returns a state or a code.
func (e *Engine) Step(n uint32) int32 {
	e.clear()
	t := e.tasks.get(n)
	switch {
	case t == nil:
		return int32(abi.ErrHandle)
	case t.store.broken:
		return int32(abi.ErrBroken)
	case t.store.waiting != nil && t.store.waiting != t:
		return int32(abi.ErrBusy)
	}
	return e.run(t)
}

// Drop ends a task early.
func (e *Engine) Drop(n uint32) abi.Code {
	e.clear()
	t := e.tasks.get(n)
	if t == nil {
		return abi.ErrHandle
	}
	e.end(n, t)
	return 0
}

func (e *Engine) end(n uint32, t *task) {
	t.stop()
	e.forget(n, t)
}

func (e *Engine) forget(n uint32, t *task) {
	e.tasks.drop(n)
	delete(t.store.tasks, n)
	if t.store.waiting == t {
		t.store.waiting = nil
	}
	if cap(t.answer) <= abi.MaxBytes {
		e.spare = t.answer
	}
	if cap(t.wants) <= keptWants*abi.WantSize {
		clear(t.wanted) // a dropped task has some
		*t = task{wants: t.wants[:0], wanted: t.wanted[:0]}
		e.lastTask = t
	}
}

// run runs a task to its next answer and writes that to the out block.
func (e *Engine) run(t *task) int32 {
	// Without other threads the collector's goroutine runs only when this one yields. A
	// collection that has begun would not end, and nothing be freed: a scan took 300 MB.
	runtime.Gosched()
	t.store.waiting = nil
	state := t.next()
	if state == abi.Wants {
		t.store.waiting = t
	}
	number := t.number
	answer, count := t.answer, t.count
	if state == abi.Wants {
		answer, count = t.wants, uint32(len(t.wanted))
	}
	if state <= abi.Done {
		e.forget(number, t)
		number = 0
	}
	le := binary.LittleEndian
	le.PutUint32(e.out[abi.OutTask:], number)
	le.PutUint32(e.out[abi.OutPtr:], address(answer))
	le.PutUint32(e.out[abi.OutLen:], uint32(len(answer)))
	le.PutUint32(e.out[abi.OutCount:], count)
	return state
}

func (e *Engine) clear() { clear(e.out[:]) }

// Guard runs one export. It converts a panic into abi.ErrInternal and refuses a call from
// inside a call.
func (e *Engine) Guard(f func() int32) (result int32) {
	if e.inside {
		return int32(abi.ErrReentry)
	}
	e.inside = true
	defer func() {
		e.inside = false
		if recover() != nil {
			result = int32(abi.ErrInternal)
		}
	}()
	return f()
}
