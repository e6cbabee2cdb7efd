package engine

import (
	"encoding/binary"

	"github.com/thawlog/thaw/wasm/abi"
)

// running is the current task, the one that a source may pause. It is set while an export
// runs, and exports do not nest.
var running *task

// task is one question.
type task struct {
	engine  *Engine
	store   *store
	number  uint32
	request abi.Request

	worker *worker
	code   abi.Code // at the end

	answer []byte
	count  uint32
	// mostRows and mostBytes are the bounds of one answer.
	mostRows, mostBytes uint32

	wants  []byte   // in the layout of the host
	wanted [][]byte // the destinations, kept alive
	ticks  int
}

// dropped unwinds a task dropped by the host. It is a panic, not an error, because the core
// would take a read error for a damaged file.
type dropped struct{}

// begin gives the task a coroutine.
func (t *task) begin() { t.worker = t.engine.idleWorker(t) }

// run runs the whole task, in the coroutine. It reports whether the coroutine can be used
// again.
func (t *task) run() (again bool) {
	defer func() {
		switch p := recover().(type) {
		case nil:
			again = true
		case dropped:
		default:
			t.store.broken = true
			t.answer, t.count = t.answer[:0], 0
			t.fail(abi.ErrInternal, panicError{p})
		}
	}()
	if err := t.perform(); err != nil {
		t.answer, t.count = t.answer[:0], 0
		t.fail(codeOf(err), err)
	}
	return true
}

// next runs the task to its next answer and returns its state, or the code with which it
// ended.
func (t *task) next() int32 {
	if len(t.wanted) == 0 {
		t.answer, t.count = t.answer[:0], 0
	}
	running = t
	state := t.worker.resume()
	running = nil
	if state != finished {
		return state
	}
	return int32(t.code)
}

// stop unwinds an unfinished task.
func (t *task) stop() { t.worker.stop() }

// pause returns to the host.
func (t *task) pause(state int32) {
	if !t.worker.yield(state) {
		panic(dropped{})
	}
}

// want has the host fill p from offset off of a file.
func (t *task) want(file uint32, off uint64, p []byte) error {
	if len(p) == 0 {
		return nil
	}
	t.ask(file, off, p)
	t.supplied()
	return wantError(t.status(0))
}

// ask adds a range for the next call of supplied.
func (t *task) ask(file uint32, off uint64, p []byte) {
	le := binary.LittleEndian
	at := len(t.wants)
	var none [abi.WantSize]byte
	t.wants = append(t.wants, none[:]...)
	w := t.wants[at:]
	le.PutUint32(w[abi.WantFile:], file)
	le.PutUint32(w[abi.WantStatus:], abi.WantFailed) // until the host sets it
	le.PutUint64(w[abi.WantOffset:], off)
	le.PutUint32(w[abi.WantLength:], uint32(len(p)))
	le.PutUint32(w[abi.WantPtr:], address(p))
	t.wanted = append(t.wanted, p)
}

// supplied waits until the host has filled the requested ranges.
func (t *task) supplied() {
	t.pause(abi.Wants)
	clear(t.wanted)
	t.wants, t.wanted = t.wants[:0], t.wanted[:0]
}

// status returns the host's status of the n-th of the last supplied ranges.
func (t *task) status(n int) uint32 {
	return binary.LittleEndian.Uint32(t.wants[:cap(t.wants)][n*abi.WantSize+abi.WantStatus:])
}

// again implements store.Options.Stop: at intervals it returns to the host, which can check
// its clock.
func (t *task) again() error { return t.progress(0, 0) }

// ticksPerPause is the number of calls of again per return to the host. The core calls it
// about every 1000 events.
const ticksPerPause = 16

func (t *task) progress(done, total uint64) error {
	if t.ticks++; t.ticks%ticksPerPause != 0 {
		return nil
	}
	at := len(t.answer)
	t.answer = binary.LittleEndian.AppendUint64(t.answer, done)
	t.answer = binary.LittleEndian.AppendUint64(t.answer, total)
	t.pause(abi.Again)
	t.answer = t.answer[:min(at, len(t.answer))]
	return nil
}

// row counts a row of the answer, and yields the answer when it is full.
func (t *task) row() {
	t.count++
	if t.count >= t.mostRows || uint32(len(t.answer)) >= t.mostBytes {
		t.pause(abi.Rows)
		t.answer, t.count = t.answer[:0], 0
	}
}

// bounds returns the maximum rows and bytes of an answer.
func bounds(q *abi.Request) (rows, bytes uint32) {
	rows, bytes = q.Rows, q.Bytes
	if rows == 0 {
		rows = abi.DefaultRows
	}
	if bytes == 0 {
		bytes = abi.DefaultBytes
	}
	return min(rows, abi.MaxRows), min(bytes, abi.MaxBytes)
}
