package salvage

import (
	"cmp"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"maps"
	"slices"
	"sort"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/sidx"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
)

// search reads the bytes that no sound frame of the snapshot covers.
func (s *Salvage) search(covered map[uint64][]span, others []*candidate) error {
	b := &batch{}
	ids := slices.Sorted(maps.Keys(s.placed))
	for _, id := range ids {
		f, err := s.openFile(s.placed[id], id)
		if err != nil {
			return err
		}
		f.spans, f.batch = covered[id], b
		if err := f.search(); err != nil {
			return source.Named(f.name, err)
		}
		delete(covered, id)
	}
	s.endBatch(b)
	for _, c := range others {
		f, err := s.openFile(c, 0)
		if err != nil {
			return err
		}
		before := len(s.extras)
		f.batch, f.mixed = &batch{}, c.mixed
		if err := f.search(); err != nil {
			return source.Named(f.name, err)
		}
		s.endBatch(f.batch)
		use := Copy
		if len(s.extras) > before || f.doubted {
			use = Searched
		}
		s.report.Files = append(s.report.Files, File{Name: c.name, Use: use})
	}
	for _, e := range s.bad {
		if !e.found {
			s.loseBad(e)
		}
	}
	return s.reportWitnesses()
}

// loseBad reports an event whose frame is not sound.
func (s *Salvage) loseBad(e *badEvent) {
	e.found = true
	reason, cause := damage.Frame, error(nil)
	var d *damage.Damage
	if errors.As(e.err, &d) {
		reason = d.Reason
		var why *store.EventError
		if errors.As(d.Err, &why) {
			cause = why.Err
		}
	}
	outcome := Lost
	if reason == damage.PayloadHash {
		outcome = LeftOut
	}
	s.witness.listed[e.ID] = true
	s.witness.clock(&e.Event)
	s.report.add(eventFinding(outcome, reason, s.files.real(segment.Name(e.Position.Segment)), &e.Event, cause))
}

// file is one file that is searched.
type file struct {
	s       *Salvage
	name    string // its real name
	id      uint64 // as which segment it is read; 0 for a file that is none of the store
	src     source.Source
	from    uint64 // where the frames begin; 0 without a header
	why     *damage.Refusal
	spans   []span
	footer  *sidx.Footer
	ends    uint64 // where the log ends in this file
	batch   *batch
	claimed map[uint64]bool // offsets of the footer's entries that were met
	doubted bool
	mixed   bool // see resolveMixed
}

func (s *Salvage) openFile(c *candidate, id uint64) (*file, error) {
	src, err := s.files.raw(c.name)
	if err != nil {
		return nil, err
	}
	f := &file{s: s, name: c.name, id: id, src: src, from: c.frames, why: c.why, ends: ^uint64(0), claimed: map[uint64]bool{}}
	if t := s.witness.torn; t != nil && id > 0 && t.File == segment.Name(id) {
		f.ends = t.Offset
	}
	if c.why != nil && id > 0 {
		s.report.Rejected = append(s.report.Rejected, &damage.Refusal{File: c.name, Reason: c.why.Reason, Offset: c.why.Offset, Err: c.why.Err})
	}
	at, ok, err := segment.FooterOffset(src)
	if err != nil {
		return nil, source.Named(c.name, err)
	}
	if ok {
		footer, err := segment.Footer(src, at)
		var why *damage.Refusal
		switch {
		case err == nil:
			f.footer = footer
		case !errors.As(err, &why):
			return nil, source.Named(c.name, err)
		}
	}
	return f, nil
}

// search walks over the file from one sound frame of the snapshot to the next.
func (f *file) search() error {
	at, size := f.from, uint64(max(f.src.Size(), 0))
	w := segment.NewWalker(f.src, at)
	for i := 0; i <= len(f.spans); i++ {
		end := size
		if i < len(f.spans) {
			end = f.spans[i].offset
		}
		if at < end {
			w.Reset(f.src, at)
			if err := f.gap(w, end); err != nil {
				return err
			}
		}
		if i < len(f.spans) {
			at = max(at, end+f.spans[i].length)
		}
		if i%1024 == 0 {
			if err := f.s.stopped(); err != nil {
				return err
			}
		}
	}
	if f.footer == nil {
		if err := f.salvageFooter(w, size); err != nil {
			return err
		}
	}
	if f.footer == nil { // a rotation writes the footer; after an unclean stop no batch goes on
		f.s.endBatch(f.batch)
	}
	return f.missed()
}

// gap takes steps up to an offset.
func (f *file) gap(w *segment.Walker, end uint64) error {
	for n := 0; w.Offset() < end; n++ {
		if n%1024 == 0 {
			if err := f.s.stopped(); err != nil {
				return err
			}
		}
		step, ok := w.Next()
		if !ok {
			break
		}
		if step.Body == nil {
			f.damaged(step.Offset, min(step.Length, end-step.Offset), step.Damage, &step)
			continue
		}
		if step.Body.IsMarker() {
			f.marker(&step)
			continue
		}
		f.sound(&step)
	}
	if err := w.Err(); err != nil {
		if !ended(err) {
			return err
		}
		f.damaged(w.Offset(), end-w.Offset(), damage.Refuse(damage.Effort, int64(w.Offset()), err), nil)
		return nil
	}
	if w.Offset() >= end {
		return nil
	}
	rest := w.Rest()
	if w.Err() != nil {
		return w.Err()
	}
	if !rest.Footer && rest.Offset < f.ends && f.footer == nil {
		f.damaged(rest.Offset, rest.Length, damage.Refuse(damage.Torn, int64(rest.Offset), nil), &segment.Step{ID: rest.ID, Named: rest.Named})
	}
	return nil
}

// salvageFooter looks for a footer with a damaged trailer at the end of the file.
func (f *file) salvageFooter(w *segment.Walker, size uint64) error {
	at := f.from
	if n := len(f.spans); n > 0 {
		at = f.spans[n-1].offset + f.spans[n-1].length
	}
	w.Reset(f.src, at)
	for {
		if _, ok := w.Next(); !ok {
			break
		}
	}
	if err := w.Err(); err != nil && !ended(err) {
		return err
	}
	at = w.Offset()
	if at >= size || size-at > maxFooter {
		return nil
	}
	raw := make([]byte, size-at)
	if err := source.Read(f.src, raw, at); err != nil {
		return err
	}
	if footer, ok := sidx.Salvage(raw); ok {
		f.footer = footer
	}
	return nil
}

// maxFooter bounds the bytes that are read as a damaged footer.
const maxFooter = 256 << 20

// position returns the place of bytes of the file in the snapshot.
func (f *file) position(offset, length uint64) event.Position {
	return event.Position{Segment: f.id, Offset: offset, Length: uint32(length)}
}

// damaged handles bytes that are no frame.
func (f *file) damaged(offset, length uint64, why *damage.Refusal, step *segment.Step) {
	if offset >= f.ends { // never acknowledged
		return
	}
	f.batch.damaged = f.batch.damaged || f.batch.open
	known := f.id > 0 && f.s.badWithin(f.id, offset, length) // reported at the end
	if f.footer != nil {                                     // reported by missed
		i := f.entryFrom(offset)
		known = known || i < f.footer.Len() && f.footer.FrameOffset(i)-offset < length
	}
	switch {
	case known || f.id == 0:
		return
	case step != nil && step.Named && isMarkerID(step.ID):
		return // of a batch; its items are looked at
	case offset < f.from || offset == 0 && length <= maxHeader:
		return // the header, which is in Rejected
	}
	d := Finding{Outcome: Lost, Reason: why.Reason, File: f.name, Offset: offset, Length: length, Err: why.Err}
	if step != nil && step.Named {
		if f.s.witness.has(step.ID) { // reported with what is known of it
			return
		}
		d.ID, d.Events = step.ID, 1
		f.s.witness.listed[step.ID] = true
		f.named(&d)
	}
	f.s.report.add(d)
}

// named adds to a finding what the damaged frame itself says of its entity and clock, if it
// still decodes. They may be wrong.
func (f *file) named(d *Finding) {
	if d.Length > segment.MaxFrame || d.Length < segment.LeastFrame {
		return
	}
	raw := make([]byte, d.Length)
	if err := source.Read(f.src, raw, d.Offset); err != nil {
		return
	}
	binary.BigEndian.PutUint32(raw, uint32(len(raw)-segment.FrameHead))
	binary.BigEndian.PutUint32(raw[4:], crc32.ChecksumIEEE(raw[segment.FrameHead:]))
	var b segment.Body
	if err := segment.DecodeFrame(raw, &b); err != nil || b.ID != d.ID || b.IsMarker() {
		return
	}
	d.Entity, d.FirstClock, d.EndClock = string(b.Entity), uint64(b.Clock), uint64(b.Clock)+1
	d.Err = cmp.Or(d.Err, errUnchecked)
	f.s.witness.clock(&event.Event{Facts: event.Facts{Clock: b.Clock}, Coordinate: event.Coordinate{Entity: d.Entity}})
}

// errUnchecked is the cause when only the damaged frame says which event it was.
var errUnchecked = errors.New("salvage: the entity and the clock are those of the damaged frame, which may be wrong")

// maxHeader is an upper bound on the size of a header that a writer makes.
const maxHeader = 80

// isMarkerID reports whether an id is that of a batch's markers: a sequence.
func isMarkerID(id event.ID) bool {
	for _, b := range id[:event.IDSize-8] {
		if b != 0 {
			return false
		}
	}
	return true
}

// entry returns the footer's entry of a frame, or -1.
func (f *file) entry(offset uint64, id event.ID) int {
	if f.footer == nil {
		return -1
	}
	i := f.entryFrom(offset)
	if i < f.footer.Len() && f.footer.FrameOffset(i) == offset && f.footer.Entry(i).ID == id {
		return i
	}
	return -1
}

// entryFrom returns the first entry of the footer from an offset on.
func (f *file) entryFrom(offset uint64) int {
	return sort.Search(f.footer.Len(), func(i int) bool { return f.footer.FrameOffset(i) >= offset })
}

// badWithin reports whether an event of the snapshot whose frame is not sound begins within
// some bytes.
func (s *Salvage) badWithin(id, offset, length uint64) bool {
	i, _ := slices.BinarySearchFunc(s.badPlaces, place{id, offset}, place.compare)
	return i < len(s.badPlaces) && s.badPlaces[i].segment == id && s.badPlaces[i].offset-offset < length
}

// sound handles a frame that is sound and that the snapshot lacks or cannot read.
func (f *file) sound(step *segment.Step) {
	s, b := f.s, step.Body
	p := f.position(step.Offset, step.Length)
	e := event.Event{Facts: b.Facts(p), Coordinate: event.Coordinate{Entity: string(b.Entity), Scope: string(b.Scope)}}
	e.Sequence = unnumbered
	f.claimed[step.Offset] = true
	x := extra{Event: e, file: f.name, repair: step.Damage != nil || b.Form != segment.PayloadArray}
	bad := s.badAt(f.id, step.Offset)
	if bad != nil {
		x.Sequence = bad.Sequence
	}
	if !s.intact(b) {
		if bad == nil {
			s.doubt(&x, LeftOut, damage.PayloadHash)
		} // else it is reported at the end
		return
	}
	if bad != nil && x.ID == bad.ID {
		bad.found = true
		same := x.Facts
		same.Position = bad.Position
		if same != bad.Facts || x.Coordinate != bad.Coordinate {
			s.doubt(&x, Kept, damage.Disagrees)
		}
		s.keep(x)
		return
	}
	if known, err := s.snapshot.Get(e.ID); err == nil {
		lost := s.badAt(known.Position.Segment, known.Position.Offset)
		same := known.EventHash == e.EventHash && known.Coordinate == e.Coordinate && known.Clock == e.Clock
		if lost != nil && same { // a copy of an event whose own frame is damaged
			lost.found = true
			x.Sequence = lost.Sequence
			s.keep(x)
			return
		}
		if known.EventHash == e.EventHash && known.Coordinate == e.Coordinate && known.Clock == e.Clock {
			s.report.Duplicates++
			return
		}
		f.doubted = true
		s.doubt(&x, LeftOut, damage.Disagrees)
		return
	}
	proved := false
	if i := f.entry(step.Offset, e.ID); i >= 0 {
		x.Sequence, proved = f.footer.Sequence(i), true
	} else if n, ok := s.witness.sequence(e.ID); ok {
		x.Sequence, proved = n, true
	} else if n, ok := s.witness.reserved[e.ID]; ok {
		x.Sequence = n
	}
	switch {
	case step.Offset >= f.ends && !proved:
		s.doubtful(x, damage.Torn)
	case f.batch.open:
		f.batch.items = append(f.batch.items, item{x, proved})
	case f.mixed && proved: // removed by the compaction, or the other segment is of another store's life
		f.doubted = true
		if !s.report.withdraw(e.ID) {
			x.doubt = damage.SegmentID
		}
		s.keep(x)
	case f.id == 0 && s.report.withdraw(e.ID): // a copy of one that is damaged in its place
		f.doubted = true
		s.keep(x)
	case f.id == 0:
		f.doubted = true
		s.doubtful(x, damage.SegmentID)
	default:
		s.keep(x)
	}
}

// intact reports whether a body's payload has the recorded digest.
func (s *Salvage) intact(b *segment.Body) bool {
	return b.EventHash.IsZero() || b.Redacted() || s.options.Hash(b.Payload) == b.EventHash
}

// badAt returns the event of the snapshot at a place whose frame is not sound.
func (s *Salvage) badAt(id, offset uint64) *badEvent {
	if id == 0 {
		return nil
	}
	return s.badOffsets[place{id, offset}]
}

// doubtful leaves out a doubtful event, or keeps it if the caller wants that.
func (s *Salvage) doubtful(x extra, reason damage.Reason) {
	if !s.options.KeepDoubtful {
		s.doubt(&x, LeftOut, reason)
		return
	}
	x.doubt = reason
	s.keep(x)
}

// doubt reports a doubtful event.
func (s *Salvage) doubt(x *extra, o Outcome, reason damage.Reason) {
	s.witness.listed[x.ID] = true
	s.report.add(eventFinding(o, reason, x.file, &x.Event, nil))
}

// keep adds an event to the result, if it gets a sequence.
func (s *Salvage) keep(x extra) { s.extras = append(s.extras, x) }

// missed reports the footer's entries of events that are nowhere.
func (f *file) missed() error {
	if f.footer == nil {
		return nil
	}
	s := f.s
	for i := range f.footer.Len() {
		at := f.footer.FrameOffset(i)
		k := sort.Search(len(f.spans), func(k int) bool { return f.spans[k].offset >= at })
		if k < len(f.spans) && f.spans[k].offset == at || f.claimed[at] || s.badAt(f.id, at) != nil {
			continue
		}
		r := f.footer.Entry(i)
		if s.witness.has(r.ID) || s.witness.listed[r.ID] {
			continue
		}
		if _, err := s.snapshot.Get(r.ID); err == nil {
			continue
		} else if !errors.Is(err, store.ErrNotFound) && !isZero(r.ID) {
			return err
		}
		if r.Entity >= uint32(f.footer.Names.Len()) || isZero(r.ID) || r.Sequence >= unnumbered-1 {
			continue // the entry is damaged
		}
		e := event.Event{Facts: r.Facts, Coordinate: event.Coordinate{Entity: string(f.footer.Names.At(r.Entity))}}
		s.witness.listed[r.ID] = true
		s.report.add(eventFinding(Lost, damage.Frame, f.name, &e, nil))
		s.witness.clock(&e)
	}
	return nil
}

func isZero(id event.ID) bool { return id == event.ID{} }
