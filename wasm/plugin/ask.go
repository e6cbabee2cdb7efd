package plugin

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/wasm/abi"
)

// ask runs a query to its end: it calls take with each part of the answer, which aliases the
// sandbox's memory. The member stays locked.
func (v *view) ask(ctx context.Context, m *member, q *abi.Request, take func(answer []byte, count uint32) error) error {
	t, err := v.begin(ctx, m, q)
	for err == nil {
		var answer []byte
		if answer, err = t.answer(); err == nil && t.state <= abi.Rows {
			err = take(answer, t.count)
		}
		if t.state == abi.Done || err != nil {
			break
		}
		if err = ctx.Err(); err == nil {
			err = t.next(ctx)
		}
	}
	if t != nil {
		t.drop()
	}
	return err
}

// question is a task of a query in an instance. Other queries may use the instance between
// its steps.
type question struct {
	view   *view
	member *member
	format uint32
	task   uint32 // 0 after the end
	state  int32
	at, n  uint32 // of the answer
	count  uint32
}

// begin starts a question and runs it to its first answer.
func (v *view) begin(ctx context.Context, m *member, q *abi.Request) (*question, error) {
	m.read = nil
	var room [256]byte
	request := abi.AppendRequest(room[:0], q)
	if len(request) > abi.MaxRequest {
		return nil, abi.ErrRequest
	}
	if err := m.put(ctx, request); err != nil {
		return nil, err
	}
	n, err := m.call(ctx, &m.start, uint64(m.handle), uint64(m.request), uint64(len(request)))
	if err != nil {
		return nil, err
	}
	t := &question{view: v, member: m, format: q.Format}
	return t, t.proceed(ctx, int32(n))
}

// next runs the question to its next answer.
func (t *question) next(ctx context.Context) error {
	m := t.member
	n, err := m.call(ctx, &m.step, uint64(t.task))
	if err != nil {
		return err
	}
	return t.proceed(ctx, int32(n))
}

// proceed handles the result of a start or step: it supplies the requested ranges until
// there is an answer.
func (t *question) proceed(ctx context.Context, state int32) error {
	m := t.member
	for {
		out, err := m.bytes(m.out, abi.OutSize)
		if err != nil {
			return err
		}
		le := binary.LittleEndian
		t.state, t.task = state, le.Uint32(out[abi.OutTask:])
		t.at, t.n, t.count = le.Uint32(out[abi.OutPtr:]), le.Uint32(out[abi.OutLen:]), le.Uint32(out[abi.OutCount:])
		switch {
		case state < 0:
			answer, err := m.bytes(t.at, t.n)
			if err != nil {
				return err
			}
			return failure(state, t.format, answer, m.read)
		case state > abi.Again:
			return m.lies("an unknown state")
		case state != abi.Wants:
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := t.supply(); err != nil {
			return err
		}
		n, err := m.call(ctx, &m.step, uint64(t.task))
		if err != nil {
			return err
		}
		state = int32(n)
	}
}

// supply reads the requested ranges directly into the sandbox.
func (t *question) supply() error {
	m := t.member
	if t.count == 0 || uint64(t.n) != uint64(t.count)*abi.WantSize {
		return m.lies("a list of ranges that is none")
	}
	wants, err := m.bytes(t.at, t.n)
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	for w := wants; len(w) > 0; w = w[abi.WantSize:] {
		number, off, n := le.Uint32(w[abi.WantFile:]), le.Uint64(w[abi.WantOffset:]), le.Uint32(w[abi.WantLength:])
		files := t.view.listing.files
		if uint64(number) >= uint64(len(files)) || off > uint64(files[number].size()) {
			return m.lies("a range of no file")
		}
		to, err := m.bytes(le.Uint32(w[abi.WantPtr:]), n)
		if err != nil {
			return err
		}
		status := uint32(abi.WantRead)
		switch err := t.view.listing.read(files[number], to, int64(off)); {
		case err == nil:
		case errors.Is(err, source.ErrGone):
			status, m.read = abi.WantGone, err
		case errors.Is(err, source.ErrShort):
			status = abi.WantShort
		default:
			status, m.read = abi.WantFailed, err
		}
		le.PutUint32(w[abi.WantStatus:], status)
	}
	return nil
}

// answer returns the current answer, which aliases the sandbox's memory until the next call.
func (t *question) answer() ([]byte, error) { return t.member.bytes(t.at, t.n) }

// drop ends an unfinished question.
func (t *question) drop() {
	if t.task != 0 && !t.member.dead {
		_, _ = t.member.call(context.Background(), &t.member.drop, uint64(t.task))
	}
	t.task = 0
}
