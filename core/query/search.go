package query

import (
	"sort"

	"github.com/thawlog/thaw/core/index"
)

// search walks the records of one part that are in all of some sets and are not hidden, by
// rising number.
type search struct {
	c      *Cursor
	driver set   // the smallest
	others []set // by size
	// next is the lowest number that was not considered yet, and end the one where the search
	// ends.
	next, end uint32
	// shown is a run of visible records; it begins empty.
	shown span
}

// span is the records from number from up to to, exclusive.
type span struct{ from, to uint32 }

// shown returns the first run of visible records at or after a record: an empty one at the
// end when there is none. Where sequences have no holes it reads no record.
func (c *Cursor) shown(record uint32) (span, error) {
	ranges, count := c.options.Hidden, c.Count()
	if len(ranges) == 0 {
		return span{from: record, to: count}, nil
	}
	for record < count {
		sequence, err := c.Sequence(record)
		if err != nil {
			return span{}, err
		}
		i := sort.Search(len(ranges), func(i int) bool { return ranges[i].End > sequence })
		if i == len(ranges) {
			return span{from: record, to: count}, nil
		}
		border, hidden := ranges[i].Start, false
		if border <= sequence {
			border, hidden = ranges[i].End, true
		}
		at, err := c.After(border)
		if err != nil {
			return span{}, err
		}
		if at <= record {
			return span{}, c.errChanged()
		}
		if !hidden {
			return span{from: record, to: at}, nil
		}
		record = at
	}
	return span{from: count, to: count}, nil
}

// advance moves next to a visible record. ok is false when there is none.
func (s *search) advance() (ok bool, err error) {
	if s.next < s.shown.to && s.next >= s.shown.from {
		return true, nil
	}
	if s.next >= s.end {
		return false, nil
	}
	shown, err := s.c.shown(s.next)
	if err != nil {
		return false, err
	}
	shown.to = min(shown.to, s.end)
	s.shown, s.next = shown, shown.from
	return s.next < s.end, nil
}

// rewind makes the search one of the records from next up to end, which may lie before those
// of the last one.
func (s *search) rewind(next, end uint32) error {
	s.next, s.end, s.shown = next, end, span{}
	for _, o := range s.others {
		if err := o.Rewind(next); err != nil {
			return err
		}
	}
	return nil
}

// fill puts the next records into dst. Fewer than its length are the last, unless there is
// an error.
func (s *search) fill(dst []uint32) (n int, err error) {
	for n < len(dst) {
		ok, err := s.advance()
		if err != nil || !ok {
			return n, err
		}
		if len(s.others) > 0 {
			found, err := s.intersect()
			if err != nil {
				return n, err
			}
			if found {
				dst[n] = s.next
				n++
				s.next++
			}
			continue
		}
		k, err := s.driver.Read(dst[n:], s.next, s.shown.to)
		if n += k; k > 0 {
			s.next = dst[n-1] + 1
		}
		if err == nil && n < len(dst) {
			s.next, err = s.driver.Seek(s.shown.to)
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// intersect moves next to the next candidate for the intersection of all sets, and reports
// whether it is in all sets and visible.
func (s *search) intersect() (found bool, err error) {
	record, err := s.driver.Seek(s.next)
	if err != nil {
		return false, err
	}
	s.next = record
	if record >= s.shown.to {
		return false, nil
	}
	for _, o := range s.others {
		if s.next, err = o.Seek(record); err != nil || s.next != record {
			return false, err
		}
	}
	return true, nil
}

// count returns how many records fill would find.
func (s *search) count() (total uint64, err error) {
	if len(s.others) == 0 {
		return s.countOne()
	}
	for {
		ok, err := s.advance()
		if err != nil || !ok {
			return total, err
		}
		found, err := s.intersect()
		if err != nil {
			return 0, err
		}
		if found {
			total++
			s.next++
		}
	}
}

// countOne is count for the driver alone. It adds up the lengths of its runs.
func (s *search) countOne() (total uint64, err error) {
	for {
		ok, err := s.advance()
		if err != nil || !ok {
			return total, err
		}
		n, err := s.driver.Count(s.next, s.shown.to)
		if err != nil {
			return 0, err
		}
		total += uint64(n)
		if s.next, err = s.driver.Seek(s.shown.to); err != nil || s.next == index.None {
			return total, err
		}
	}
}
