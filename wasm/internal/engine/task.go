package engine

import (
	"encoding/binary"

	"github.com/thawlog/thaw/wasm/abi"
)

// running is the task that runs, which is the one that a source may stop. It is set
// while an export runs, and exports do not nest.
var running *task

// task is one question.
type task struct {
	engine  *Engine
	store   *store
	number  uint32
	request abi.Request

	worker *worker
	code   abi.Code // of the end

	answer []byte
	count  uint32
	wants  []byte   // as the host sees them
	wanted [][]byte // where the bytes go, so that they stay
	ticks  int
}

// dropped unwinds a task that the host gave up. A panic and no error, since the core
// would take an error of a read for trouble with the file.
type dropped struct{}

// begin gives the task a coroutine.
func (t *task) begin() { t.worker = t.engine.idleWorker(t) }

// run is the task from beginning to end, in the coroutine. It returns false when the
// coroutine is not to be used again.
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

// next runs the task up to its next answer and returns its state, or the code with
// which it ended.
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

// stop unwinds a task that is not over.
func (t *task) stop() { t.worker.stop() }

// pause returns to the host.
func (t *task) pause(state int32) {
	if !t.worker.yield(state) {
		panic(dropped{})
	}
}

// want has the host fill p with what a file holds at off.
func (t *task) want(file uint32, off uint64, p []byte) error {
	if len(p) == 0 {
		return nil
	}
	t.ask(file, off, p)
	t.supplied()
	return wantError(t.status(0))
}

// ask adds a range to those that the next call of supplied waits for.
func (t *task) ask(file uint32, off uint64, p []byte) {
	le := binary.LittleEndian
	at := len(t.wants)
	t.wants = append(t.wants, make([]byte, abi.WantSize)...)
	w := t.wants[at:]
	le.PutUint32(w[abi.WantFile:], file)
	le.PutUint32(w[abi.WantStatus:], abi.WantFailed) // until the host says otherwise
	le.PutUint64(w[abi.WantOffset:], off)
	le.PutUint32(w[abi.WantLength:], uint32(len(p)))
	le.PutUint32(w[abi.WantPtr:], address(p))
	t.wanted = append(t.wanted, p)
}

// supplied returns when the host has filled what was asked for.
func (t *task) supplied() {
	t.pause(abi.Wants)
	clear(t.wanted)
	t.wants, t.wanted = t.wants[:0], t.wanted[:0]
}

// status is what the host said of the n-th of the ranges that were supplied last.
func (t *task) status(n int) uint32 {
	return binary.LittleEndian.Uint32(t.wants[:cap(t.wants)][n*abi.WantSize+abi.WantStatus:])
}

// again is store.Options.Stop: now and then it lets the host have a look at its clock.
func (t *task) again() error { return t.progress(0, 0) }

// ticksPerPause is how many times the core asks whether to stop before the host is
// asked. The core asks about every 1000 events.
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

// row says that the answer has one more row, and hands it over when it has enough.
func (t *task) row() {
	t.count++
	rows, bytes := bounds(&t.request)
	if t.count >= rows || uint32(len(t.answer)) >= bytes {
		t.pause(abi.Rows)
		t.answer, t.count = t.answer[:0], 0
	}
}

// bounds are how many rows and bytes an answer has at most.
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
