package replay

import (
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
)

func (s *Scan) reject(offset uint64) {
	s.report.Rejected = append(s.report.Rejected,
		&damage.Refusal{File: s.file, Reason: damage.Footer, Offset: int64(offset)})
}

// frame processes one frame.
func (s *Scan) frame(id uint64, step *segment.Step) error {
	b := step.Body
	p := event.Position{Segment: id, Offset: step.Offset, Length: uint32(step.Length)}
	switch {
	case b.Kind == event.SystemBatchBegin:
		s.begin(p, b)
		return nil
	case b.Kind == event.SystemBatchCommit:
		s.commit(p, b)
		return nil
	case b.IsMarker(): // with the kind of an event, but it is not one
		s.step(segment.Step{
			Offset: step.Offset, Length: step.Length, One: true,
			Damage: damage.Refuse(damage.Kind, int64(step.Offset), nil),
		})
		return nil
	}
	txn := s.batch.txn
	if !s.batch.open {
		txn = s.log.begin()
	}
	sequence, hinted := s.log.next, false
	if s.hints != nil {
		hint, found, ok := s.hints.take(p, b, step.Note)
		if found && hint < s.log.least {
			found = s.squeeze(hint)
			ok = ok && found
		}
		if !ok || !found && !s.batch.open {
			s.wrong = true
			return nil
		}
		if hinted = found; found {
			s.leap(hint)
			sequence = hint
		}
	}
	if s.thinned && !hinted {
		s.guess(p, b)
	} else if s.jump && !hinted {
		// Compaction or a loss removed the missing ids; no footer shows which.
		s.report.Gaps = append(s.report.Gaps, Gap{File: s.file, First: sequence, End: damage.UnknownEnd})
	}
	if err := s.insert(txn, sequence, p, step); err != nil {
		return err
	}
	if hinted {
		s.sure, s.sureAt = sequence+1, s.log.draft.Len()
	}
	s.jump, s.unsealed = false, false
	if s.batch.open {
		s.batch.staged = append(s.batch.staged, staged{timestamp: b.TimestampUS, hinted: hinted})
		s.batch.unhinted = s.batch.unhinted || !hinted
		return nil
	}
	s.gap.hinted = s.gap.hinted || hinted
	txn.commit()
	return nil
}

// insert adds the event of a frame. When the footer's entry is known to agree,
// the entry's numbers save looking up the names.
func (s *Scan) insert(t txn, sequence uint64, p event.Position, step *segment.Step) (err error) {
	b := step.Body
	if s.hints == nil || step.Note == 0 {
		_, err = t.insertAt(sequence, b.Facts(p), b.Entity, b.Scope)
		return err
	}
	if err := t.allows(sequence); err != nil {
		return err
	}
	footer, entry := s.hints.footer, int(step.Note-1)
	entity, scope := footer.EntryNames(entry)
	if entity, err = s.hints.number(s.log.draft, entity); err != nil {
		return err
	}
	if scope, err = s.hints.number(s.log.draft, scope); err != nil {
		return err
	}
	if err := s.log.draft.AddEntry(footer.Raw(entry), p.Segment, entity, scope, sequence); err != nil {
		return err
	}
	t.took(sequence)
	return nil
}
