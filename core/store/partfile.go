package store

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/source"
)

// partFile is where a part was read from, and what to do without it.
type partFile struct {
	name string // of the file with the records
	// from is where the part in front ends, to where this one does.
	from, to artifact.Watermark
	// taken is the sequence behind the last record in front, floor what the part
	// in front says is free.
	taken, floor uint64
	allocator    uint64

	// What became of it since: see mend.
	instead atomic.Pointer[part]
	mu      sync.Mutex
	refused []*damage.Refusal
	damages []*damage.Damage
}

// now is what stands in for a part since its file turned out damaged, or the
// part itself.
func (p *part) now() *part {
	if p.file != nil {
		if q := p.file.instead.Load(); q != nil {
			return q
		}
	}
	return p
}

// savedLookups opens the index.thaw that belongs to the index.fbati in src, and
// makes a part that reads both. It returns nil when there is none or it cannot be
// taken, which is in the report unless the file is just not there.
func (s *Snapshot) savedLookups(src source.Source, h *artifact.Header) (*part, error) {
	e, ok := s.listing.Others[index.FileName]
	if !ok || s.noLookups || s.options.makeLookups() || s.options.skips(index.FileName) {
		return nil, nil
	}
	f, err := directory.ReadIndex(s.files, e)
	if err == nil && (f.Contained() || !f.Belongs(artifact.AppendHeader(nil, h), src.Size())) {
		err = damage.Refuse(damage.Stale, -1, nil)
	}
	if err == nil && f.Segments() != directory.DigestSegments(s.listing.IDs(), artifact.Watermark{}, h.Watermark) {
		err = damage.Refuse(damage.Segments, -1, nil)
	}
	if errors.Is(err, damage.Stale) && !s.last && s.moved(artifact.FileName, index.FileName) {
		return nil, source.ErrGone // a writer replaces one behind the other
	}
	if err != nil {
		return nil, s.rejectLookups(e.Name, err)
	}
	image, tables := f.Index(src, artifact.FileName)
	return &part{Part: query.Part{Image: image, Index: tables}}, nil
}

// vouched reports whether index.thaw says that thaw has taken the index.fbati in src.
func (s *Snapshot) vouched(src source.Source) bool {
	e, ok := s.listing.Others[index.FileName]
	if !ok {
		return false
	}
	h, err := artifact.ReadHeader(src)
	if err != nil {
		return false
	}
	f, err := directory.ReadIndex(s.files, e)
	return err == nil && !f.Contained() && f.Belongs(artifact.AppendHeader(nil, &h), src.Size())
}

// moved reports whether any of these names leads elsewhere than when it was looked
// at.
func (s *Snapshot) moved(names ...string) bool {
	for _, name := range names {
		e, err := s.files.Look(name)
		if was, ok := s.listing.Others[name]; (err == nil) != ok || e != was {
			return true
		}
	}
	return false
}

// rejectLookups reports why a file of lookups is not taken, unless that is to be
// an error of the open.
func (s *Snapshot) rejectLookups(name string, err error) error {
	var stop stopError
	switch {
	case errors.As(err, &stop), unread(err), errors.Is(err, source.ErrGone) && !s.last:
		return err
	case errors.Is(err, source.ErrGone): // as if it had not been there
		return nil
	}
	s.report.Rejected = append(s.report.Rejected, refusal(name, err))
	return nil
}

// loadParts adds the part files that go on where b ends. Of several that begin
// at one place the longest is taken: a writer that merges parts makes the new one
// before it removes those that are in it.
func (s *Snapshot) loadParts(b base) (base, error) {
	for {
		p, next, err := s.nextPart(b)
		if err != nil || p == nil {
			return b, err
		}
		s.parts = append(s.parts, p)
		s.base++
		b = next
	}
}

// nextPart finds the part file that goes on where b ends, nil when there is none.
func (s *Snapshot) nextPart(b base) (*part, base, error) {
	var found []*index.File // the longest in front
	for _, e := range s.listing.Others {
		first, last, ok := index.ParsePartName(e.Name)
		if !ok || !e.Regular || first != b.watermark.Segment || s.options.skips(e.Name) {
			continue
		}
		f, err := directory.ReadIndex(s.files, e)
		if err == nil {
			err = s.fits(f, b, last)
		}
		if err == nil {
			found = append(found, f)
		} else if err = s.rejectLookups(e.Name, err); err != nil {
			return nil, b, err
		}
	}
	slices.SortFunc(found, func(x, y *index.File) int {
		if further(x.Artifact().Watermark, y.Artifact().Watermark) {
			return -1
		}
		return 1 // no two end in the same segment: their names say it
	})
	for _, f := range found {
		p, next, err := s.loadPart(f, b)
		if err == nil {
			return p, next, nil
		}
		if err = s.rejectLookups(f.Name(), rotten(f.Name(), err)); err != nil {
			return nil, b, err
		}
	}
	return nil, b, nil
}

// rejectOddParts reports what has the name of a part file and is no regular file,
// wherever it would go on.
func (s *Snapshot) rejectOddParts() {
	var odd []string
	for _, e := range s.listing.Others {
		if _, _, ok := index.ParsePartName(e.Name); ok && !e.Regular && !s.options.skips(e.Name) {
			odd = append(odd, e.Name)
		}
	}
	slices.Sort(odd)
	for _, name := range odd {
		s.report.Rejected = append(s.report.Rejected, refusal(name, damage.Refuse(damage.NotRegular, -1, nil)))
	}
}

// loadPart makes a part of a file that fits behind b.
func (s *Snapshot) loadPart(f *index.File, b base) (*part, base, error) {
	a := f.Artifact()
	image, tables := f.Index(nil, "")
	p := &part{Part: query.Part{Image: image, Index: tables}}
	if s.options.makeLookups() {
		var err error
		bounds := index.Bounds{NextSequence: a.Allocator, Watermark: a.Watermark, SegmentSize: s.listing.Size}
		if p, err = imagePart(image, bounds, s.options); err != nil {
			return nil, b, err
		}
	}
	p.File = f.Name()
	p.file = &partFile{
		name: p.File, from: b.watermark, to: a.Watermark, taken: b.taken, floor: b.allocator, allocator: a.Allocator,
	}
	next := base{watermark: a.Watermark, allocator: a.Allocator, taken: b.taken}
	if last, ok := p.Index.Last(); ok {
		next.taken = last + 1
	}
	size, _ := s.listing.Size(a.Watermark.Segment)
	return p, next, checkBoundary(s.files, p, a.Watermark, size)
}

// fits reports why a part file cannot go on behind b.
func (s *Snapshot) fits(f *index.File, b base, last uint64) error {
	w := f.Artifact().Watermark
	if !goesOn(f, b, last) {
		return damage.Refuse(damage.Stale, -1, nil)
	}
	if err := checkWatermark(w, s.listing.Size); err != nil {
		return err
	}
	if f.Segments() != directory.DigestSegments(s.listing.IDs(), b.watermark, w) {
		return damage.Refuse(damage.Segments, -1, nil)
	}
	return nil
}

// goesOn reports whether a part file begins where b ends, and ends in the segment
// that its name says.
func goesOn(f *index.File, b base, last uint64) bool {
	w := f.Artifact().Watermark
	return f.Contained() && f.From() == b.watermark && w.Segment == last && further(w, b.watermark) && f.Follows(b.taken)
}

func further(a, b artifact.Watermark) bool {
	return a.Segment > b.Segment || a.Segment == b.Segment && a.Offset > b.Offset
}

func place(w artifact.Watermark) replay.Place { return replay.Place(w) }
