package replay

import (
	"bytes"
	"sort"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/sidx"
)

// hints returns the sequences of a footer, frame by frame, and checks on the
// way that the footer agrees with the frames. A nil *hints is a segment without
// a footer.
type hints struct {
	footer *sidx.Footer
	at     uint64 // offset of the footer
	next   int    // next entry
	sum    uint64 // of the sequences of the entries before it; see segment.AddNumber
	from   uint64 // first offset of the walk; entries before it are not checked
	doubt  bool   // an entry contradicts its frame, or the trailer is damaged
	cut    bool   // the trailer is cut short and otherwise sound

	differs bool // an entry contradicts its frame

	// numbers holds the numbers of the footer's names in the draft, 0 where it
	// is not known yet. known lists the names with known numbers, in order of
	// lookup.
	numbers, known []uint32
}

// newHints skips the entries of frames before from. ok is false when the
// entries are not in the order of their frames.
func newHints(f *sidx.Footer, at, from uint64) (h *hints, ok bool) {
	h = &hints{footer: f, at: at, from: from, sum: segment.NoNumbers}
	for h.next < f.Len() && f.FrameOffset(h.next) < from {
		h.next++
	}
	for i := 1; i < f.Len(); i++ {
		if f.FrameOffset(i-1) >= f.FrameOffset(i) {
			return nil, false
		}
	}
	return h, true
}

// confirms reports whether the footer gives the records of segment id that d
// already holds the sequences they have. These records were read before the
// segment was sealed, and numbered from the ones before.
func (h *hints) confirms(d *artifact.Draft, id uint64) bool {
	entry := h.next - 1
	for i := d.Len() - 1; i >= 0; i-- {
		r := d.At(i)
		at := r.Position()
		if at.Segment != id {
			break
		}
		for entry >= 0 && h.footer.FrameOffset(entry) > at.Offset {
			entry--
		}
		if entry >= 0 && h.footer.FrameOffset(entry) == at.Offset && h.footer.Entry(entry).Sequence != r.Sequence() {
			return false
		}
	}
	return true
}

// take returns the sequence of the frame at p with content b. found is false
// when the footer has no entry for it; ok is false when the next entry is for
// something else. An entry that names the frame but contradicts it sets doubt;
// its sequence is still the best one, since frames hold none. note is the
// frame's note by a noter.
func (h *hints) take(p event.Position, b *segment.Body, note uint32) (sequence uint64, found, ok bool) {
	if h.next >= h.footer.Len() || h.footer.FrameOffset(h.next) > p.Offset {
		return 0, false, true
	}
	entry := h.next
	sequence = h.footer.Sequence(entry)
	h.next++
	h.sum = segment.AddNumber(h.sum, sequence)
	noted := note == uint32(entry)+1
	if sequence >= artifact.MaxAllocator || !noted && h.footer.Position(entry, p.Segment) != p {
		return 0, false, false
	}
	if !noted && !h.says(entry, p, b) {
		h.doubt, h.differs = true, true
	}
	return sequence, true, true
}

// says reports whether an entry agrees with a frame. It does not change h.
func (h *hints) says(entry int, p event.Position, b *segment.Body) bool {
	facts := b.Facts(p)
	if !h.footer.Says(entry, &facts) {
		return false
	}
	names := h.footer.Names
	entity, scope := h.footer.EntryNames(entry)
	return entity < uint32(names.Len()) && scope < uint32(names.Len()) &&
		bytes.Equal(names.At(entity), b.Entity) && bytes.Equal(names.At(scope), b.Scope)
}

// noter returns a source of notes for frames that are read ahead. A note is 1
// plus the number of the entry that agrees with the frame, or 0 when there is
// none.
func (h *hints) noter(id uint64) func() segment.Note {
	if h == nil {
		return nil
	}
	return func() segment.Note {
		next := -1
		return func(offset, length uint64, b *segment.Body) uint32 {
			if next < 0 {
				next = sort.Search(h.footer.Len(), func(i int) bool { return h.footer.FrameOffset(i) >= offset })
			}
			for next < h.footer.Len() && h.footer.FrameOffset(next) < offset {
				next++
			}
			if next == h.footer.Len() {
				return 0
			}
			p := event.Position{Segment: id, Offset: offset, Length: uint32(length)}
			if !h.says(next, p, b) {
				return 0
			}
			return uint32(next) + 1
		}
	}
}

// number returns the number in the draft of one of the footer's names.
func (h *hints) number(d *artifact.Draft, name uint32) (uint32, error) {
	if h.numbers == nil {
		h.numbers = make([]uint32, h.footer.Names.Len())
	}
	if n := h.numbers[name]; n > 0 {
		return n, nil
	}
	n, err := d.Intern(h.footer.Names.At(name))
	if err == nil {
		h.numbers[name] = n
		h.known = append(h.known, name)
	}
	return n, err
}

// knows returns the number of the footer's names with known numbers.
func (h *hints) knows() int {
	if h == nil {
		return 0
	}
	return len(h.known)
}

// forget forgets all names but the first known ones: the draft has rolled back
// the later ones.
func (h *hints) forget(known int) {
	for _, name := range h.known[known:] {
		h.numbers[name] = 0
	}
	h.known = h.known[:known]
}

// lost adds to d the events whose frames lie in damaged bytes.
func (h *hints) lost(d *damage.Damage) {
	inside := func(at uint64) bool { return at >= d.Offset && at-d.Offset < d.Length }
	for h.next < h.footer.Len() && inside(h.footer.FrameOffset(h.next)) {
		e := h.footer.Entry(h.next)
		h.next++
		h.sum = segment.AddNumber(h.sum, e.Sequence)
		if len(d.Events) == 0 && d.Unnamed == 0 {
			d.FirstSequence = e.Sequence
		}
		d.EndSequence = e.Sequence + 1
		d.Touch(damage.Touched{ID: e.ID, Sequence: e.Sequence, Numbered: true})
	}
}

// holds reports whether every entry had its frame and the frames end where the
// footer starts.
func (h *hints) holds(end uint64) bool { return h.next == h.footer.Len() && end == h.at }
