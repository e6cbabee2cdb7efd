package engine

import (
	"encoding/binary"

	"github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/wasm/abi"
)

// pass returns the bounds of a pass, which returns to the host at intervals.
func (t *task) pass() query.Pass {
	return query.Pass{From: t.request.From, To: t.request.To, Progress: t.progress}
}

// marks answers with the number of events of a region, and the sequence of every step-th.
func (t *task) marks(step uint64) error {
	if step == 0 {
		step = abi.DefaultStep
	}
	marks, err := t.store.snapshot.Marks(t.request.Region, t.pass(), step)
	if err != nil {
		return err
	}
	if abi.Text(t.request.Format) {
		t.answer = lines.AppendMarks(t.answer, &marks)
		t.count = 1
		return nil
	}
	t.answer = binary.LittleEndian.AppendUint64(t.answer, marks.Events)
	t.row()
	for _, sequence := range marks.Sequences {
		t.answer = binary.LittleEndian.AppendUint64(t.answer, sequence)
		t.row()
	}
	return nil
}

// timeline answers with the events of a region over time.
func (t *task) timeline(buckets uint64) error {
	if buckets == 0 {
		buckets = abi.DefaultBuckets
	}
	timeline, err := t.store.snapshot.Timeline(t.request.Region, t.pass(), int(min(buckets, query.MaxBuckets)))
	if err != nil {
		return err
	}
	t.answer = lines.AppendTimeline(t.answer, timeline)
	t.count = 1
	return nil
}
