package index

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
)

// List is a posting list: record numbers in rising order, unless the method
// that returned it says otherwise. It is read through the Reader that returned
// it.
type List struct {
	section  int
	from, to uint32
}

// Len returns the number of items.
func (l List) Len() int { return int(l.to - l.from) }

// Item returns item i of a list, which must be below its length.
func (r *Reader) Item(l List, i int) (uint32, error) {
	record, err := r.u32(l.section, uint64(l.from)+uint64(i))
	if err == nil && record >= r.img.Count {
		err = ErrTable
	}
	return record, err
}

// Entity lists the records of the entity with a string number.
func (r *Reader) Entity(number uint32) (List, error) {
	return r.ends(secEntityEnds, secEntityList, number)
}

// EachSegment calls f with every segment that has records, in order, the number of its last
// record, and the length that the segment had when the index was built; of the last one, where the
// index ends. It ends at f's error.
func (r *Reader) EachSegment(f func(id, length uint64, last uint32) error) error {
	w := r.window(secSegments)
	for off := uint64(0); off+segmentSize <= w.Size(); off += segmentSize {
		b, err := w.Ahead(off, segmentSize, recordBlock)
		if err == nil {
			first, n := binary.LittleEndian.Uint32(b[16:]), binary.LittleEndian.Uint32(b[20:])
			err = f(binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]), first+n-1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Scope lists the records of the scope with a string number.
func (r *Reader) Scope(number uint32) (List, error) {
	return r.ends(secScopeEnds, secScopeList, number)
}

func (r *Reader) ends(ends, list int, number uint32) (List, error) {
	l := List{section: list}
	var err error
	if number > 0 {
		if l.from, err = r.u32(ends, uint64(number)-1); err != nil {
			return List{}, err
		}
	}
	if l.to, err = r.u32(ends, uint64(number)); err != nil {
		return List{}, err
	}
	return l.check(r)
}

func (l List) check(r *Reader) (List, error) {
	if l.from > l.to || l.to > r.elements(l.section) {
		return List{}, ErrTable
	}
	return l, nil
}

// EntityClocksRise reports whether every entity's list is in the order of
// clocks.
func (r *Reader) EntityClocksRise() bool { return r.t.flags&flagClockOrder != 0 }

// Clocks returns the part of an entity's list with clocks from low to high,
// both included. It reads one record for each step of two binary searches. The
// list must be in the order of clocks: see [Reader.EntityClocksRise].
func (r *Reader) Clocks(l List, low, high uint32) (List, error) {
	above := func(l List, clock uint32) (uint32, error) {
		return bound(l.to-l.from, func(i uint32) (bool, error) {
			record, err := r.Item(l, int(i))
			if err != nil {
				return false, err
			}
			rec, err := r.Record(record)
			return err == nil && rec.Clock() > clock, err
		})
	}
	if low > high {
		l.to = l.from
		return l, nil
	}
	if low > 0 {
		n, err := above(l, low-1)
		if err != nil {
			return List{}, err
		}
		l.from += n
	}
	if high < math.MaxUint32 {
		n, err := above(l, high)
		if err != nil {
			return List{}, err
		}
		l.to = l.from + n
	}
	return l, nil
}

// ScopeNumbers returns the numbers of the strings that are a scope of a record, rising. It
// finds each by a binary search, so that a few scopes among many names cost little. ok is
// false when there are more than most.
func (r *Reader) ScopeNumbers(most int) (numbers []uint32, ok bool, err error) {
	strings, total := r.elements(secScopeEnds), r.elements(secScopeList)
	for at, ended := uint32(0), uint32(0); at < strings && ended < total; at++ {
		if len(numbers) == most {
			return nil, false, nil
		}
		n, err := bound(strings-at, func(i uint32) (bool, error) {
			end, err := r.u32(secScopeEnds, uint64(at+i))
			return err == nil && end > ended, err
		})
		if err != nil {
			return nil, false, err
		}
		if at += n; at == strings {
			return nil, false, ErrTable // the last string's list ends where all do
		}
		if ended, err = r.u32(secScopeEnds, uint64(at)); err != nil {
			return nil, false, err
		}
		numbers = append(numbers, at)
	}
	return numbers, true, nil
}

// Kinds returns one list for each kind present from first to last.
func (r *Reader) Kinds(first, last event.Kind) (lists []List, err error) {
	err = r.EachKind(first, last, func(_ event.Kind, l List) { lists = append(lists, l) })
	return lists, err
}

// EachKind calls f with each kind present from first to last, rising, and its list.
func (r *Reader) EachKind(first, last event.Kind, f func(event.Kind, List)) error {
	n := uint32(r.window(secKinds).Size() / kindSize)
	at, err := bound(n, func(i uint32) (bool, error) {
		k, _, err := r.kind(i)
		return err == nil && k >= uint32(first), err
	})
	if err != nil {
		return err
	}
	l := List{section: secKindList}
	if at > 0 {
		if _, l.from, err = r.kind(at - 1); err != nil {
			return err
		}
	}
	for ; at < n; at++ {
		k, end, err := r.kind(at)
		if err != nil {
			return err
		}
		if k > uint32(last) {
			break
		}
		l.to = end
		if _, err := l.check(r); err != nil {
			return err
		}
		f(event.Kind(k), l)
		l.from = end
	}
	return nil
}

func (r *Reader) kind(i uint32) (kind, end uint32, err error) {
	b, err := r.bytes(secKinds, kindSize*uint64(i), kindSize)
	if err != nil {
		return 0, 0, err
	}
	return binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:]), nil
}

// Correlated lists the records whose correlation is id and not their own event
// id.
func (r *Reader) Correlated(id event.ID) (List, error) {
	return r.linked(secCorrelations, id, artifact.Raw.Correlation)
}

// Caused lists the records whose causation is id.
func (r *Reader) Caused(id event.ID) (List, error) {
	return r.linked(secCausations, id, artifact.Raw.Causation)
}

// linked lists the records that have id in a field.
func (r *Reader) linked(section int, id event.ID, field func(artifact.Raw) event.ID) (List, error) {
	l := List{section: section, to: r.elements(section)}
	compare := func(want int) (uint32, error) {
		return bound(l.to, func(i uint32) (bool, error) {
			record, err := r.Item(l, int(i))
			if err != nil {
				return false, err
			}
			rec, err := r.Record(record)
			if err != nil {
				return false, err
			}
			got := field(rec)
			return bytes.Compare(got[:], id[:]) >= want, nil
		})
	}
	lo, err := compare(0)
	if err != nil {
		return List{}, err
	}
	hi, err := compare(1)
	if err != nil {
		return List{}, err
	}
	if lo > hi { // the bytes changed between the searches
		return List{}, ErrTable
	}
	l.from, l.to = lo, hi
	return l, nil
}
