package query

import (
	"math/bits"
	"slices"

	"github.com/thawlog/thaw/core/index"
)

// set is the numbers of the records that meet one condition, walked forwards: no argument
// may be lower than an earlier one since the last Rewind or Last. [index.Postings] is the set
// of one list.
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
	// Rewind moves the walk back to a record, so that later arguments may be as low.
	Rewind(record uint32) error
	// Last moves the walk back to where the last members below end begin, and returns that
	// record, which is below end and not below first: from there up to end are at most n
	// members, or maxUnion if that is more. It is first when no members lie before. n is
	// positive and first below end.
	Last(first, end uint32, n int) (uint32, error)
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

func (s *every) Rewind(record uint32) error {
	s.next = min(record, s.count)
	return nil
}

func (s *every) Last(first, end uint32, n int) (uint32, error) {
	s.next = first
	if uint64(end-first) > uint64(n) {
		s.next = end - uint32(n)
	}
	return s.next, nil
}

// sorted is a small gathered set.
type sorted struct {
	members []uint32
	at      int // of the next member
}

func (s *sorted) Seek(record uint32) (uint32, error) {
	// The member is usually near, so the steps begin small and double.
	ahead := s.members[s.at:]
	step := 1
	for step < len(ahead) && ahead[step] < record {
		step *= 2
	}
	n, _ := slices.BinarySearch(ahead[:min(step+1, len(ahead))], record)
	if s.at += n; s.at == len(s.members) {
		return index.None, nil
	}
	return s.members[s.at], nil
}

func (s *sorted) Read(dst []uint32, first, end uint32) (n int, err error) {
	_, _ = s.Seek(first)
	for n < len(dst) && s.at < len(s.members) && s.members[s.at] < end {
		dst[n] = s.members[s.at]
		n++
		s.at++
	}
	return n, nil
}

func (s *sorted) Count(first, end uint32) (int, error) {
	_, _ = s.Seek(first)
	before := s.at
	_, _ = s.Seek(end)
	return s.at - before, nil
}

func (s *sorted) Left() int { return len(s.members) - s.at }

func (s *sorted) Rewind(record uint32) error {
	s.at, _ = slices.BinarySearch(s.members, record)
	return nil
}

func (s *sorted) Last(first, end uint32, n int) (uint32, error) {
	_ = s.Rewind(end)
	if s.at <= n {
		s.at = 0
		return first, nil
	}
	s.at -= n
	return max(s.members[s.at], first), nil
}

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

// Rewind does nothing: a bitmap can be walked from anywhere.
func (s *bitmap) Rewind(uint32) error { return nil }

func (s *bitmap) Last(first, end uint32, n int) (uint32, error) {
	end = uint32(min(uint64(end), uint64(len(s.words))*64))
	for end > first {
		// The bits below end, the highest on top.
		word := s.words[(end-1)/64] << (63 - (end-1)%64)
		if word == 0 {
			end = (end - 1) / 64 * 64
			continue
		}
		end -= uint32(bits.LeadingZeros64(word)) + 1
		if n--; n == 0 {
			return max(end, first), nil
		}
	}
	return first, nil
}

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
