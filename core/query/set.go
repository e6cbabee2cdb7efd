package query

import (
	"math/bits"
	"slices"

	"github.com/thawlog/thaw/core/index"
)

// set is the numbers of the records that meet one condition, walked forwards: no argument
// may be lower than an earlier one. [index.Postings] is the set of one list.
type set interface {
	// Seek returns the first member that is at least record, or [index.None].
	Seek(record uint32) (uint32, error)
	// Read puts the members from first up to end into dst. Fewer than its length are the
	// last.
	Read(dst []uint32, first, end uint32) (int, error)
	// Count returns the number of members from first up to end.
	Count(first, end uint32) (int, error)
	// Left returns the number of members ahead.
	Left() int
}

// every is the set of all records, which are count.
type every struct{ count, next uint32 }

func (s *every) Seek(record uint32) (uint32, error) {
	s.next = min(record, s.count)
	if record >= s.count {
		return index.None, nil
	}
	return record, nil
}

func (s *every) Read(dst []uint32, first, end uint32) (n int, err error) {
	end = min(end, s.count)
	for ; n < len(dst) && first < end; n++ {
		dst[n] = first
		first++
	}
	s.next = first
	return n, nil
}

func (s *every) Count(first, end uint32) (int, error) {
	s.next = min(end, s.count)
	return int(s.next - min(first, s.next)), nil
}

func (s *every) Left() int { return int(s.count - s.next) }

// sorted is a small gathered set.
type sorted []uint32

func (s *sorted) Seek(record uint32) (uint32, error) {
	// The member is usually near, so the steps begin small and double.
	step := 1
	for step < len(*s) && (*s)[step] < record {
		step *= 2
	}
	n, _ := slices.BinarySearch((*s)[:min(step+1, len(*s))], record)
	*s = (*s)[n:]
	if len(*s) == 0 {
		return index.None, nil
	}
	return (*s)[0], nil
}

func (s *sorted) Read(dst []uint32, first, end uint32) (n int, err error) {
	_, _ = s.Seek(first)
	for n < len(dst) && n < len(*s) && (*s)[n] < end {
		dst[n] = (*s)[n]
		n++
	}
	*s = (*s)[n:]
	return n, nil
}

func (s *sorted) Count(first, end uint32) (int, error) {
	_, _ = s.Seek(first)
	before := len(*s)
	_, _ = s.Seek(end)
	return before - len(*s), nil
}

func (s *sorted) Left() int { return len(*s) }

// bitmap is a large gathered set: a bit for each record.
type bitmap struct {
	words []uint64
	left  int
}

func (s *bitmap) Seek(record uint32) (uint32, error) {
	at := int(record / 64)
	if at >= len(s.words) {
		return index.None, nil
	}
	for word := s.words[at] >> (record % 64) << (record % 64); ; word = s.words[at] {
		if word != 0 {
			return uint32(at*64 + bits.TrailingZeros64(word)), nil
		}
		if at++; at == len(s.words) {
			return index.None, nil
		}
	}
}

func (s *bitmap) Read(dst []uint32, first, end uint32) (n int, err error) {
	return readBySeek(s, dst, first, end)
}

func (s *bitmap) Count(first, end uint32) (n int, err error) {
	end = uint32(min(uint64(end), uint64(len(s.words))*64))
	for first < end {
		word := s.words[first/64] >> (first % 64)
		if until := end - first; until < 64-first%64 {
			word &= 1<<until - 1
		}
		n += bits.OnesCount64(word)
		first += 64 - first%64
	}
	return n, nil
}

// Left returns the size of the whole set: it is only called before the walk begins.
func (s *bitmap) Left() int { return s.left }

// readBySeek implements Read by Seek.
func readBySeek(s set, dst []uint32, first, end uint32) (n int, err error) {
	for ; n < len(dst); n++ {
		record, err := s.Seek(first)
		if err != nil || record >= end {
			return n, err
		}
		dst[n] = record
		first = record + 1
	}
	return n, nil
}
