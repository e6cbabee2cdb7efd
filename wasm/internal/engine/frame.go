package engine

import (
	"github.com/thawlog/thaw/core/dissect"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/wasm/abi"
)

// frame answers with the bytes of an event's frame, explained.
func (t *task) frame() error {
	e, err := t.subject()
	if err != nil {
		return err
	}
	raw, err := t.store.snapshot.FrameBytes(e)
	if err != nil {
		return err
	}
	f := dissect.Bytes(raw, hash)
	t.answer = lines.AppendFrame(t.answer, e.Position, raw, &f)
	t.count = 1
	return nil
}

// subject returns the event of the request's row or id. Its frame is not read, since it may be
// damaged.
func (t *task) subject() (event.Event, error) {
	if len(t.request.Row) > 0 {
		row, _, _, err := abi.DecodeRow(t.request.Row)
		return row.Event, err
	}
	return t.store.snapshot.GoingOn().Get(t.request.ID)
}
