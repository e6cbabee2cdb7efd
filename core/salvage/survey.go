package salvage

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// compactSuffix ends the name under which batpak keeps the first source of a compaction.
const compactSuffix = ".compact-src"

// candidate is a file that may be a segment.
type candidate struct {
	name   string
	id     uint64 // by its name, 0 if that is not a segment's
	as     uint64 // as which it is read, 0 if it is not
	header segment.Header
	frames uint64           // where they begin; 0 with why
	why    *damage.Refusal  // what is wrong with the header
	ids    map[event.ID]int // of its events, once they were read
	mixed  bool             // another segment has some of its events: see resolveMixed
}

// survey decides which file is read as which segment.
type survey struct {
	v      *view
	stop   func() error
	report *Report
	// placed has the file of each segment.
	placed map[uint64]*candidate
	// searched are files that are no segment of the store, and may have events of it.
	searched []*candidate
	// firsts has the highest segment that begins with each event.
	firsts map[event.ID]uint64
}

// run lists the directory and places its files.
func (s *survey) run() error {
	names, err := s.v.files.List()
	if err != nil {
		return source.Failed("", -1, err)
	}
	slices.SortFunc(names, func(a, b directory.Name) int { return cmp.Compare(a.Name, b.Name) })
	var misnamed, others []*candidate
	for _, n := range names {
		if err := s.stopped(); err != nil {
			return err
		}
		kind := directory.KindOf(n.Name)
		if n.Odd || kind != directory.Segment && kind != directory.Other {
			continue
		}
		c, err := s.look(n.Name, kind)
		switch {
		case err != nil:
			return err
		case c == nil:
		case c.id == 0:
			others = append(others, c)
		case c.why == nil && c.header.SegmentID != c.id:
			misnamed = append(misnamed, c)
		default:
			if c.why != nil && c.why.Reason == damage.Version {
				s.v.blank[c.name] = true // a flipped bit: there is no other version yet
			}
			s.place(c, c.id)
		}
	}
	for _, c := range misnamed {
		if err := s.placeMisnamed(c); err != nil {
			return err
		}
	}
	for _, c := range others {
		if s.placed[c.header.SegmentID] == nil && c.header.SegmentID > 0 {
			s.move(c)
		} else {
			s.searched = append(s.searched, c)
		}
	}
	if err := s.resolveMerged(); err != nil {
		return err
	}
	return s.resolveMixed()
}

func (s *survey) stopped() error {
	if s.stop == nil {
		return nil
	}
	return s.stop()
}

// look reads the header of a file. It returns nil for a file that is not a segment.
func (s *survey) look(name string, kind directory.Kind) (*candidate, error) {
	e, err := s.v.files.Look(name)
	if errors.Is(err, source.ErrGone) || err == nil && !e.Regular {
		return nil, nil
	}
	if err != nil {
		return nil, source.Failed(name, -1, err)
	}
	c := &candidate{name: name}
	c.id, _ = segment.ParseName(name)
	src, err := s.v.raw(name)
	if kind == directory.Other && e.Size >= segment.MinSize && err != nil && !errors.Is(err, source.ErrGone) {
		return nil, nil // another program's, which may not be ours to read
	}
	if err != nil {
		return nil, err
	}
	h, n, err := segment.ReadHeader(src)
	switch {
	case errors.As(err, &c.why):
		if kind == directory.Other {
			return nil, nil
		}
	case err != nil:
		return nil, source.Named(name, err)
	}
	c.header, c.frames = h, uint64(n)
	return c, nil
}

// placeMisnamed decides about a segment under the name of another one.
func (s *survey) placeMisnamed(c *candidate) error {
	says := s.placed[c.header.SegmentID]
	if says == nil {
		if s.fits(c.header.SegmentID, c.id) {
			s.move(c)
			return nil
		}
	} else {
		copied, err := s.within(c, says)
		if err != nil {
			return err
		}
		if copied {
			s.leave(c)
			return nil
		}
		for id := range c.ids {
			if says.ids[id] > 0 { // a copy of a segment that is damaged by now
				s.v.hide(c.name)
				s.searched = append(s.searched, c)
				return nil
			}
		}
	}
	s.v.blank[c.name] = true
	s.place(c, c.id)
	return nil
}

// fits reports whether the ids of the segments have fewer holes with id than with other.
func (s *survey) fits(id, other uint64) bool {
	holes := func(with uint64) (n uint64) {
		least, most, count := with, with, uint64(1)
		for id := range s.placed {
			least, most = min(least, id), max(most, id)
			count++
		}
		return most - least + 1 - count
	}
	return id > 0 && s.placed[other] == nil && holes(id) < holes(other)
}

func (s *survey) place(c *candidate, id uint64) {
	s.placed[id] = c
	c.as = id
}

// move makes a file the segment that its header names.
func (s *survey) move(c *candidate) {
	name := segment.Name(c.header.SegmentID)
	s.v.move(c.name, name)
	s.place(c, c.header.SegmentID)
	s.report.Files = append(s.report.Files, File{Name: c.name, Use: Moved, As: name})
}

// leave leaves a file out, since others have all that it has.
func (s *survey) leave(c *candidate) {
	s.v.hide(c.name)
	if c.as > 0 {
		delete(s.placed, c.as)
		s.v.leave(segment.Name(c.as))
	}
	s.report.Files = append(s.report.Files, File{Name: c.name, Use: Copy})
}

// events returns the ids of a file's sound events.
func (s *survey) events(c *candidate) (map[event.ID]int, error) {
	if c.ids != nil {
		return c.ids, nil
	}
	c.ids = map[event.ID]int{}
	err := s.walk(c, func(id event.ID) bool {
		c.ids[id]++
		return true
	})
	return c.ids, err
}

// ended reports whether a walk ended because of the bytes.
func ended(err error) bool {
	return errors.Is(err, segment.ErrEffort) || errors.Is(err, source.ErrShort)
}

// within reports whether others have every event of c.
func (s *survey) within(c *candidate, others ...*candidate) (bool, error) {
	ids, err := s.events(c)
	if err != nil {
		return false, err
	}
	for id := range ids {
		found := false
		for _, o := range others {
			has, err := s.events(o)
			if err != nil {
				return false, err
			}
			if found = has[id] > 0; found {
				break
			}
		}
		if !found {
			return false, nil
		}
	}
	return true, nil
}

// resolveMerged finds what a compaction of batpak left: a merged segment without a footer
// beside its sources.
func (s *survey) resolveMerged() error {
	ids := make([]uint64, 0, len(s.placed))
	for id := range s.placed {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for i, id := range ids {
		c := s.placed[id]
		if c == nil { // left alone meanwhile
			continue
		}
		src, err := s.v.raw(c.name)
		if err != nil {
			return err
		}
		kept := slices.IndexFunc(s.searched, func(o *candidate) bool {
			return o.header.SegmentID == id && strings.HasSuffix(o.name, compactSuffix)
		})
		_, sealed, err := segment.FooterOffset(src)
		if err != nil {
			return source.Named(c.name, err)
		}
		if sealed || kept < 0 && i == len(ids)-1 {
			continue
		}
		var renamed []*candidate
		if kept >= 0 {
			renamed = append(renamed, s.searched[kept])
		}
		later, err := s.repeated(c, id)
		if err == nil {
			err = s.resolve(c, renamed, later)
		}
		if err != nil {
			return err
		}
		for _, c := range s.placed {
			c.ids = nil
		}
	}
	return nil
}

// resolve decides about a segment that may be a merged one. renamed has the source that was
// renamed, if any, and later are the other ones.
func (s *survey) resolve(merged *candidate, renamed, later []*candidate) error {
	sources := slices.Concat(renamed, later)
	if len(sources) == 0 {
		return nil
	}
	whole, err := s.within(merged, sources...)
	if err != nil {
		return err
	}
	if whole {
		s.leave(merged)
		if len(renamed) > 0 {
			s.searched = slices.DeleteFunc(s.searched, func(c *candidate) bool { return c == sources[0] })
			s.move(sources[0])
		}
		return nil
	}
	for i, o := range sources {
		all, err := s.within(o, merged)
		if err != nil {
			return err
		}
		if !all {
			continue
		}
		s.leave(o)
		if i < len(renamed) {
			s.searched = slices.DeleteFunc(s.searched, func(c *candidate) bool { return c == o })
		}
	}
	return nil
}

// walk calls f with the id of each sound event of a file, until it returns false.
func (s *survey) walk(c *candidate, f func(event.ID) bool) error {
	src, err := s.v.raw(c.name)
	if err != nil {
		return err
	}
	w := segment.NewWalker(src, c.frames)
	for n := 0; ; n++ {
		if n%1024 == 0 {
			if err := s.stopped(); err != nil {
				return err
			}
		}
		step, ok := w.Next()
		if !ok {
			break
		}
		if step.Body != nil && !step.Body.IsMarker() && !f(step.Body.ID) {
			return nil
		}
	}
	if err := w.Err(); err != nil && !ended(err) {
		return source.Named(c.name, err)
	}
	return nil
}

// repeated returns the segments after one with an id whose first events a merged segment
// has: a compaction takes segments as a whole.
func (s *survey) repeated(merged *candidate, id uint64) ([]*candidate, error) {
	if s.firsts == nil {
		s.firsts = map[event.ID]uint64{}
		for id, c := range s.placed {
			err := s.walk(c, func(first event.ID) bool {
				s.firsts[first] = max(s.firsts[first], id)
				return false
			})
			if err != nil {
				return nil, err
			}
		}
	}
	var out []*candidate
	err := s.walk(merged, func(e event.ID) bool {
		if other, ok := s.firsts[e]; ok && other > id {
			if c := s.placed[other]; c != nil && !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
		return true
	})
	return out, err
}
