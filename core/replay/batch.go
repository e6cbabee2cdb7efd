package replay

import (
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
)

// batch is an atomic batch whose COMMIT was not read yet.
type batch struct {
	open   bool
	id     event.ID
	count  uint32 // events that BEGIN announced
	txn    txn
	staged []staged
	begun  int64  // BEGIN's time stamp, an upper bound on the items'
	gaps   int    // damaged places since BEGIN
	lost   uint64 // bytes in them

	file     string
	segment  uint64
	offset   uint64 // of the BEGIN frame
	unhinted bool   // an item has no entry in its segment's footer
	known    int    // names of the footer that were known before BEGIN
}

// staged is the data of an item that its record does not have.
type staged struct {
	timestamp int64
	hinted    bool
}

func (s *Scan) begin(p event.Position, b *segment.Body) {
	if s.batch.open && s.batch.id == b.ID && b.PayloadSize == 0 {
		s.dropDamaged(len(s.batch.staged)) // a COMMIT with BEGIN's kind
		return
	}
	s.abandon()
	s.gap = lastGap{}
	s.batch = batch{
		open:    true,
		id:      b.ID,
		count:   b.PayloadSize,
		begun:   b.TimestampUS,
		txn:     s.log.begin(),
		staged:  s.batch.staged[:0],
		file:    s.file,
		segment: p.Segment,
		offset:  p.Offset,
		known:   s.hints.knows(),
	}
}

// commit ends the open batch, or decides what a COMMIT without one means.
func (s *Scan) commit(p event.Position, b *segment.Body) {
	if !s.batch.open {
		s.orphanCommit(p)
		return
	}
	whole := s.batch.id == b.ID && s.batch.gaps == 0 && len(s.batch.staged) == int(s.batch.count)
	if whole {
		if s.hints != nil && s.batch.unhinted && s.batch.segment == p.Segment {
			s.wrong = true // the footer lacks committed events
		}
		s.batch.txn.commit()
		s.batch.open = false
		if s.batch.count == 0 {
			s.numbered(b)
		}
		return
	}
	s.dropDamaged(len(s.batch.staged))
}

// abandon ends a batch without a COMMIT. It drops the batch's items and keeps
// the later frames that another append wrote.
func (s *Scan) abandon() {
	if !s.batch.open {
		return
	}
	items, most := 0, min(len(s.batch.staged), int(s.batch.count))
	for items < most && s.batch.staged[items].timestamp == s.batch.staged[0].timestamp &&
		s.batch.staged[items].timestamp <= s.batch.begun {
		items++
	}
	if s.batch.gaps > 0 {
		// COMMIT may have been in the damaged bytes.
		s.dropDamaged(items)
		return
	}
	s.report.Unfinished = append(s.report.Unfinished, Unfinished{File: s.batch.file, Offset: s.batch.offset, Items: items})
	s.keepFrom(items, s.batch.txn.next)
}

// dropDamaged drops the first items of a batch that was, or may have been,
// committed. It reports the events lost and keeps their sequences free.
func (s *Scan) dropDamaged(items int) {
	first, base := s.batch.txn.first(), s.batch.txn.next
	if items > 0 {
		base = s.log.draft.At(first).Sequence()
	}
	// Use the claimed count only as far as the lost bytes can hold it.
	count := uint64(items)
	if s.batch.lost > 0 {
		count = min(uint64(s.batch.count), count+s.batch.lost/segment.LeastFrame+1)
	}
	// The footer says where the lost ones end.
	if items < len(s.batch.staged) && s.batch.staged[items].hinted {
		if next := s.log.draft.At(first + items).Sequence(); next >= base+uint64(items) {
			count = min(count, next-base)
		}
	}
	d := &damage.Damage{
		File:          s.batch.file,
		Offset:        s.batch.offset,
		Reason:        damage.Batch,
		FirstSequence: base,
		EndSequence:   base + max(count, uint64(items)),
	}
	for i := range items {
		r := s.log.draft.At(first + i)
		d.Touch(damage.Touched{ID: r.ID(), Sequence: r.Sequence(), Numbered: true})
	}
	s.damaged(d)
	s.keepFrom(items, d.EndSequence)
}

// keepFrom removes the first items of the open batch and commits the later
// records as appends of their own. Records without a number from a footer are
// numbered from next on.
func (s *Scan) keepFrom(items int, next uint64) {
	s.batch.open = false
	first := s.batch.txn.first()
	kept := s.batch.staged[items:]
	if len(kept) == 0 {
		s.batch.txn.abort()
		s.forgetNames()
		s.log.reserve(next - min(next, s.log.next))
		return
	}
	s.salvaged, s.ending.Mixed = true, true
	s.log.draft.Cut(first, first+items)
	for i, item := range kept {
		if r := s.log.draft.At(first + i); item.hinted && r.Sequence() >= next {
			next = r.Sequence()
		} else {
			s.log.draft.SetSequence(first+i, next)
		}
		next++
	}
	s.log.least, s.log.next = next, next
	s.batch.txn.commit()
}

// forgetNames forgets the numbers of names that an aborted batch added.
func (s *Scan) forgetNames() {
	if s.hints == nil {
		return
	}
	known := s.batch.known
	if s.batch.file != s.file { // all of them were added since
		known = 0
	}
	s.hints.forget(known)
}

// orphanCommit handles a COMMIT whose BEGIN was not read. When one damaged
// frame precedes it, that was the BEGIN. It had no sequence, so the events
// since then move down by one.
func (s *Scan) orphanCommit(p event.Position) {
	switch g := s.gap; {
	case g.one && !g.hinted:
		for i := g.first; i < s.log.draft.Len(); i++ {
			s.log.draft.SetSequence(i, s.log.draft.At(i).Sequence()-1)
		}
		s.log.next--
		s.log.least = s.log.next
		g.damage.EndSequence = g.damage.FirstSequence
		for i := range g.damage.Events {
			g.damage.Events[i].Numbered = false
		}
	case g.damage == nil:
		s.damaged(&damage.Damage{File: s.file, Offset: p.Offset, Length: uint64(p.Length), Reason: damage.Batch})
	}
	s.gap = lastGap{}
}
