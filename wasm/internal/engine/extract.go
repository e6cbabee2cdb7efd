package engine

import (
	"iter"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/extract"
	"github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/wasm/abi"
)

// extract answers with the events as files of a store, and last with what they hold.
func (t *task) extract(events iter.Seq2[event.Event, error]) error {
	put := func(file uint32, b []byte) error {
		t.answer = abi.AppendPiece(t.answer, file, b)
		t.row()
		return nil
	}
	r, err := extract.Run(&t.store.files, t.store.snapshot, events, extract.Options{}, put)
	if err != nil {
		return t.after(err)
	}
	return put(abi.PieceResult, lines.AppendExtract(nil, &r, func(err error) int32 { return int32(codeOf(err)) }))
}
