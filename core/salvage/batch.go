package salvage

import (
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
)

// batch is a batch whose COMMIT was not met yet. Its items are those that the snapshot
// does not show.
type batch struct {
	open    bool
	id      event.ID
	damaged bool // there are damaged bytes after BEGIN
	items   []item
}

// item is an event of a batch. proved is set when an index or a footer lists it: these
// list only committed events.
type item struct {
	extra
	proved bool
}

// marker handles a marker of a batch.
func (f *file) marker(step *segment.Step) {
	b := f.batch
	switch step.Body.Kind {
	case event.SystemBatchBegin:
		if b.open && b.id == step.Body.ID {
			return // a COMMIT with BEGIN's kind, or a copy
		}
		f.s.endBatch(b)
		b.open, b.id = true, step.Body.ID
	case event.SystemBatchCommit:
		if b.open && b.id == step.Body.ID {
			for i := range b.items {
				b.items[i].proved = true
			}
		}
		f.s.endBatch(b)
	}
}

// endBatch decides about the items of a batch that the snapshot does not show.
func (s *Salvage) endBatch(b *batch) {
	for _, i := range b.items {
		switch {
		case i.proved:
			i.doubt = damage.Batch
			s.keep(i.extra)
		case b.damaged: // COMMIT may have been there
			s.doubtful(i.extra, damage.Batch)
		default:
			s.report.Unfinished++
		}
	}
	*b = batch{items: b.items[:0]}
}
