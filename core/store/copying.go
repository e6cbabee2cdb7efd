package store

import (
	"errors"
	"math"
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/visibility"
)

// Copying says of which bytes a copy of a store consists: the whole store as a snapshot sees
// it, or its beginning. The copy is a closed store: its last segment has a footer.
type Copying struct {
	// Segments are copied as they are, by rising id; they do not change any more.
	Segments []CopiedSegment
	// Last is the segment that is cut, "" if none is: its first Keep bytes and then Footer, which
	// a copy of a beginning has after MakeFooter only.
	Last       string
	Keep       uint64
	Footer     []byte
	makeFooter func() ([]byte, error)
	through    uint64 // the id of the last copied segment
	// Index lists the index files that cover nothing but copied events. Replay is how many of
	// the events they lack: the first open reads them from the segments.
	Index  []string
	Replay uint64
	// Hidden are the hidden ranges, cut to the copied sequences in a copy of a beginning.
	Hidden visibility.Ranges
	// End is the sequence after the last copied event. LastID is that event's id.
	End    uint64
	LastID event.ID
}

// MakeFooter makes Footer, from the index of the snapshot. That takes about as long as to copy
// what comes before it, so the caller can do both at once.
func (c *Copying) MakeFooter() (err error) {
	if c.makeFooter != nil {
		c.Footer, err = c.makeFooter()
	}
	return err
}

// CopiedSegment is a segment and its size in bytes.
type CopiedSegment struct {
	Name string
	Size uint64
}

// Swapped reports whether the store's files may have been swapped since the snapshot was
// opened, so that a copy that was made since can be a mix of two states.
func (s *Snapshot) Swapped() (bool, error) { return s.listing.Swapped() }

// CopyAll returns what a copy of the whole store consists of. An end that the next writer
// would cut off is not copied; see [Snapshot.Recovery].
func (s *Snapshot) CopyAll() (*Copying, error) {
	r, err := s.Recovery()
	if err != nil {
		return nil, err
	}
	c := &Copying{Index: s.indexNames(len(s.parts)), Hidden: s.report.HiddenRanges, End: s.End(), through: math.MaxUint64}
	for _, entry := range s.listing.Segments {
		if entry.Name == r.File {
			if !r.Remove {
				c.Last, c.Keep, c.Footer = r.File, r.Keep, r.Footer
			}
			continue
		}
		if err := c.addWhole(s, entry); err != nil {
			return nil, err
		}
	}
	covered := s.base
	if len(c.Index) == 0 {
		covered = 0
	}
	for _, p := range s.parts[covered:] {
		c.Replay += uint64(p.now().Image.Count)
	}
	c.LastID, err = s.lastID()
	return c, err
}

func (c *Copying) addWhole(s *Snapshot, e directory.SegmentEntry) error {
	size, ok := s.listing.Size(e.ID)
	if !ok {
		if err := s.listing.Failure(); err != nil {
			return err
		}
		return source.Named(e.Name, source.ErrGone)
	}
	c.Segments = append(c.Segments, CopiedSegment{Name: e.Name, Size: size})
	return nil
}

// Shortened returns the damage of the first copied segment that is shorter than it was when an
// index was written, nil for none: an open looks only at segments that no index covers. What was
// swapped since then is no damage; see Swapped.
func (s *Snapshot) Shortened(c *Copying) (d *damage.Damage, err error) {
	err = s.repairing(func() error {
		d = nil
		for _, p := range s.parts[:s.base] {
			p, r := p.now(), p.now().Reader()
			err := r.EachSegment(func(id, length uint64, last uint32) error {
				if p.Index.Saved() == nil { // it was built without lengths
					raw, err := r.Single(last)
					if err != nil {
						return err
					}
					length = raw.Position().End()
				}
				size, ok := s.listing.Size(id)
				if segment.Name(id) == c.Last { // the rest is not copied
					length = min(length, c.Keep)
				}
				if d == nil && ok && id <= c.through && size < length {
					d = &damage.Damage{File: segment.Name(id), Offset: size, Length: length - size, Reason: damage.Shortened}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return s.listing.Failure()
	})
	return d, err
}

// lastID returns the id of the last record, zero without one.
func (s *Snapshot) lastID() (id event.ID, err error) {
	err = s.repairing(func() error {
		for i := len(s.parts) - 1; i >= 0; i-- {
			p := s.parts[i].now()
			if p.Image.Count == 0 {
				continue
			}
			raw, err := p.Reader().Record(p.Image.Count - 1)
			if err == nil {
				id = raw.ID()
			}
			return err
		}
		return nil
	})
	return id, err
}

// CopyUpTo returns what a copy of the store as it was after the event with a sequence
// consists of: that event, hidden or not, everything before it, and if it is an item of a
// batch, the rest of the batch, since a batch is whole or does not exist. The error is
// [ErrNotFound] when no event has the sequence, and [ErrSpans] when the batch does not end in
// its segment, or not in a snapshot with Options.IndexOnly.
//
// Its cost is that of the records of one segment, and a look at each segment before.
func (s *Snapshot) CopyUpTo(sequence uint64) (c *Copying, err error) {
	err = s.repairing(func() (err error) {
		c, err = s.copyUpTo(sequence)
		return err
	})
	return c, err
}

func (s *Snapshot) copyUpTo(sequence uint64) (*Copying, error) {
	at, last, err := s.findRecord(sequence)
	if err != nil {
		return nil, err
	}
	id := last.Position().Segment
	at, last, end, err := s.endOfAppend(at, slices.Clone(last))
	if err != nil {
		return nil, err
	}
	c := &Copying{through: id, End: last.Sequence() + 1, LastID: last.ID(), Hidden: cutRanges(s.report.HiddenRanges, last.Sequence()+1)}
	for _, entry := range s.listing.Segments {
		switch {
		case entry.ID < id:
			err = c.addWhole(s, entry)
		case entry.ID == id:
			err = s.addLast(c, entry, end)
		}
		if err != nil {
			return nil, err
		}
	}
	covered := 0
	for covered < s.base && !further(s.parts[covered].file.to, artifact.Watermark{Segment: id, Offset: end}) {
		covered++
	}
	if c.Index = s.indexNames(covered); len(c.Index) == 0 {
		covered = 0
	}
	for i := covered; i <= at.part; i++ {
		n := uint64(s.parts[i].now().Image.Count)
		if i == at.part {
			n = uint64(at.record) + 1
		}
		c.Replay += n
	}
	return c, nil
}

// cutRanges returns the ranges below end.
func cutRanges(ranges visibility.Ranges, end uint64) visibility.Ranges {
	var out visibility.Ranges
	for _, r := range ranges {
		if r.Start < end {
			out = append(out, visibility.Range{Start: r.Start, End: min(r.End, end)})
		}
	}
	return out
}

// indexNames returns the files of the first n parts that were read from files.
func (s *Snapshot) indexNames(n int) []string {
	var names []string
	for i, p := range s.parts[:min(n, s.base)] {
		if p.now() != p { // its file proved damaged
			break
		}
		names = append(names, p.file.name)
		if i > 0 {
			continue
		}
		if p.file.name == checkpoint.FileName {
			break
		}
		if p.Index.Saved() != nil {
			names = append(names, index.FileName)
		}
	}
	return names
}

// recordAt is the place of a record: the number of its part, and its own in that.
type recordAt struct {
	part   int
	record uint32
}

// findRecord finds the record with a sequence.
func (s *Snapshot) findRecord(sequence uint64) (recordAt, artifact.Raw, error) {
	for i := range s.parts {
		p := s.parts[i].now()
		if last, ok := p.Index.Last(); !ok || sequence > last {
			continue
		}
		r := p.Reader()
		n, err := r.After(sequence)
		if err != nil {
			return recordAt{}, nil, err
		}
		raw, err := r.Record(n)
		if err == nil && raw.Sequence() != sequence {
			err = ErrNotFound
		}
		return recordAt{i, n}, raw, err
	}
	return recordAt{}, nil, ErrNotFound
}

// ErrSpans: a batch of batpak's continues in the next segment. A copy can end after it.
var ErrSpans = errors.New("thaw: the event is in a batch that spans two segments")

// adjacent is a run of frames in one segment without a byte between them. Markers lie before
// and after such a run.
type adjacent struct {
	first, end uint64 // offsets
	from       uint64 // where the frame before the run ends, 0 if there is none
	count      uint32
}

// adjacentTo returns the run of frames that ends with a record. It looks at some records at a time
// from the last one on, since a run can be much shorter than the segment.
func (s *Snapshot) adjacentTo(at recordAt, id uint64) (run adjacent, err error) {
	const some = 1024
	for i := at.part; i >= 0 && run.from == 0; i-- {
		p := s.parts[i].now()
		n := p.Image.Count
		if i == at.part {
			n = at.record + 1
		}
		r := p.Reader()
		first, err := firstIn(r, n, id)
		if err != nil {
			return run, err
		}
		for end := n; end > first && run.from == 0; {
			begin := end - min(some, end-first)
			var before adjacent
			for k := begin; k < end; k++ {
				raw, err := r.Record(k)
				if err != nil {
					return run, err
				}
				before.add(raw.Position())
			}
			run.prepend(before)
			end = begin
		}
	}
	return run, nil
}

// prepend extends the run by before, the last run of the frames that precede it, or notes where
// that ends.
func (run *adjacent) prepend(before adjacent) {
	switch {
	case run.count == 0:
		*run = before
	case before.end != run.first:
		run.from = before.end
	default:
		run.first, run.from, run.count = before.first, before.from, before.count+run.count
	}
}

func (run *adjacent) add(p event.Position) {
	if p.Offset != run.end {
		*run = adjacent{first: p.Offset, from: run.end}
	}
	run.end = p.End()
	run.count++
}

// next returns the record after another.
func (s *Snapshot) next(at recordAt) (recordAt, artifact.Raw, error) {
	for at.record++; at.record >= s.parts[at.part].now().Image.Count; at.record = 0 {
		if at.part++; at.part == len(s.parts) {
			return at, nil, ErrSpans
		}
	}
	raw, err := s.parts[at.part].now().Reader().Single(at.record)
	return at, slices.Clone(raw), err
}

// endOfAppend returns the last record of the append that a record belongs to, and where its
// frames end: of a batch, after its COMMIT. The frames of a batch lie one after the other, so
// the marker before the first of them is its BEGIN, which says how many they are.
func (s *Snapshot) endOfAppend(at recordAt, raw artifact.Raw) (recordAt, artifact.Raw, uint64, error) {
	id := raw.Position().Segment
	name := segment.Name(id)
	run, err := s.adjacentTo(at, id)
	if err != nil {
		return at, nil, 0, err
	}
	src, err := directory.Open(s.files, name)
	if err != nil {
		return at, nil, 0, err
	}
	if run.from == 0 {
		_, n, err := segment.ReadHeader(src)
		if err != nil {
			return at, nil, 0, source.Named(name, err)
		}
		run.from = uint64(n)
	}
	items := uint32(0)
	walk := segment.NewWalker(src, run.from)
	for walk.Offset() < run.first {
		step, ok := walk.Next()
		if !ok {
			break
		}
		items = 0
		if step.Body != nil && step.Body.IsMarker() && step.Body.Kind == event.SystemBatchBegin {
			items = step.Body.PayloadSize
		}
	}
	if err := walk.Err(); err != nil {
		return at, nil, 0, source.Named(name, err)
	}
	if run.count > items {
		return at, raw, run.end, nil
	}
	for range items - run.count {
		if at, raw, err = s.next(at); err != nil {
			return at, nil, 0, err
		}
		if p := raw.Position(); p.Segment != id || p.Offset != run.end {
			return at, nil, 0, ErrSpans
		}
		run.end = raw.Position().End()
	}
	walk = segment.NewWalker(src, run.end)
	step, ok := walk.Next()
	if err := walk.Err(); err != nil {
		return at, nil, 0, source.Named(name, err)
	}
	if !ok || step.Body == nil || step.Body.Kind != event.SystemBatchCommit {
		return at, nil, 0, ErrSpans
	}
	return at, raw, step.Offset + step.Length, nil
}

// addLast adds the segment that holds the last copied record: whole if nothing follows, and
// otherwise up to end.
func (s *Snapshot) addLast(c *Copying, e directory.SegmentEntry, end uint64) error {
	src, err := directory.Open(s.files, e.Name)
	if err != nil {
		return err
	}
	footer, sealed, err := segment.FooterOffset(src)
	if err != nil {
		return source.Named(e.Name, err)
	}
	if sealed && footer == end {
		return c.addWhole(s, e)
	}
	c.Last, c.Keep = e.Name, end
	c.makeFooter = func() (footer []byte, err error) {
		err = s.repairing(func() error {
			at, _, err := s.findRecord(c.End - 1) // again: a repair may have moved it
			if err == nil {
				footer, _, err = makeFooter(e.ID, end, s.partsTo(at))
			}
			return err
		})
		return footer, err
	}
	return nil
}

// Contains reports whether an event with this sequence and id is in the store, hidden or not.
func (s *Snapshot) Contains(sequence uint64, id event.ID) (found bool, err error) {
	err = s.repairing(func() error {
		_, raw, err := s.findRecord(sequence)
		if err == ErrNotFound {
			found = false
			return nil
		}
		found = err == nil && raw.ID() == id
		return err
	})
	return found, err
}
