package salvage

import (
	"cmp"
	"slices"

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
			s.unfinished = append(s.unfinished, i.extra)
		}
	}
	*b = batch{items: b.items[:0]}
}

// resolveUnfinished decides about the items of batches without a COMMIT. One whose clock is
// missing in its entity, which has a higher one, was committed, and what followed it was cut
// off: a later append would have had the clock of an item that was not committed. It gets the
// sequence after that of the event before it, if that is free.
func (s *Salvage) resolveUnfinished() error {
	if len(s.unfinished) == 0 {
		return nil
	}
	slices.SortStableFunc(s.unfinished, func(a, b extra) int {
		return cmp.Or(cmp.Compare(a.Position.Segment, b.Position.Segment), cmp.Compare(a.Position.Offset, b.Position.Offset))
	})
	type clocks struct {
		most int64 // -1 for none
		has  map[uint32]bool
	}
	of := map[string]*clocks{}
	for _, x := range s.unfinished {
		of[x.Entity] = &clocks{most: -1, has: map[uint32]bool{}}
	}
	for e, err := range s.result() {
		if err != nil {
			return err
		}
		if c := of[e.Entity]; c != nil {
			c.most = max(c.most, int64(e.Clock))
			c.has[e.Clock] = true
		}
	}
	waiting := s.unfinished[:0]
	for _, x := range s.unfinished {
		if c := of[x.Entity]; c.has[x.Clock] || c.most < int64(x.Clock) {
			s.report.Unfinished++
			continue
		}
		waiting = append(waiting, x)
	}
	next := uint64(0)
	give := func(before func(x *extra) bool) {
		for len(waiting) > 0 && before(&waiting[0]) {
			x := waiting[0]
			waiting = waiting[1:]
			x.Sequence, x.doubt = next, damage.Batch
			next++
			s.keep(x)
		}
	}
	for e, err := range s.all() {
		if err != nil {
			return err
		}
		give(func(x *extra) bool {
			p := x.Position
			return p.Segment < e.Position.Segment || p.Segment == e.Position.Segment && p.Offset < e.Position.Offset
		})
		next = e.Sequence + 1
	}
	give(func(*extra) bool { return true })
	return nil
}
