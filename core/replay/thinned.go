package replay

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
)

// errNumbers is the cause when the events of a thinned segment have no footer.
var errNumbers = errors.New("replay: events were removed from the segment, so without its footer the sequences of the others are not known")

// guess reports that the event of a frame in a thinned segment has no number. Elsewhere the
// order tells it, since nothing is missing.
func (s *Scan) guess(p event.Position, b *segment.Body) {
	if s.guessed == nil {
		s.guessed = &damage.Damage{File: s.file, Offset: p.Offset, Reason: damage.Footer, Err: errNumbers}
		s.lose(s.guessed)
	}
	s.guessed.Touch(damage.Touched{ID: b.ID})
}

// numbered handles the COMMIT of an empty batch, which only a thinned segment has: it names the
// sequence with which the segment begins, or ends. A footer that contradicts it is wrong. The
// header's flag is not asked, since headers have no checksum.
func (s *Scan) numbered(b *segment.Body) {
	sequence, sum, ok := b.Numbers()
	if !ok || sequence >= artifact.MaxAllocator {
		return
	}
	fits := sequence >= s.log.least || s.squeeze(sequence)
	if h := s.hints; h != nil && h.next > 0 && !s.partial && (!fits || sum != h.sum) {
		s.wrong = true
		return
	}
	if fits {
		if !s.partial { // else the missing sequences belong to what was read before
			s.leap(sequence)
		}
		s.log.least, s.log.next = sequence, sequence
		s.sure, s.sureAt = sequence, s.log.draft.Len()
	}
	s.jump, s.unsealed = false, false
}

// thin notes sequences that are missing in a thinned segment.
func (s *Scan) thin(from, to uint64) {
	m := &s.gone
	if m.Missing == 0 {
		m.First = from
	}
	m.Missing, m.End = m.Missing+to-from, to
}

// endThinned adds a thinned segment to the report.
func (s *Scan) endThinned() {
	if s.thinned {
		s.report.Thinned = append(s.report.Thinned, s.gone)
		s.thinned = false
	}
}
