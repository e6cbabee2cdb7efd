package index

import (
	"encoding/binary"
	"math"

	"github.com/thawlog/thaw/core/source"
)

// None is not a record number: [Postings.Seek] returns it at the end.
const None = math.MaxUint32

// How many items are read at once where a list is not memory. A jump far ahead
// needs one item of what it meets, a step needs those that follow.
const (
	nearItems = 256
	farItems  = 16
	mostItems = 2048
)

// Postings walks one list forward, by jumps that cost the logarithm of the
// distance; Rewind and Last move it back. Several may walk lists of one [Reader] at once; each is for one
// goroutine. The zero Postings is an empty list. An error does not move it.
type Postings struct {
	// mem holds the section's bytes from place base on, when they are in
	// memory.
	mem  []byte
	base uint32
	win  source.Window
	// section is the section of win plus one, 0 when there is none.
	section int
	// from, at and to are places in the section: of the first item, of the next,
	// and after the last.
	from, at, to uint32
	count        uint32 // of records
}

// Walk moves p to the start of a list of r. It keeps the buffer when the list
// is in the same section as the last one.
func (p *Postings) Walk(r *Reader, l List) {
	if p.section != l.section+1 {
		p.win.Reset(r.source(l.section), 4*farItems)
		p.section = l.section + 1
	}
	p.from, p.at, p.to, p.count = l.from, l.from, l.to, r.img.Count
	p.mem, p.base = p.win.InPlace(4*uint64(l.from), 4*uint64(l.to-l.from)), l.from
}

// Forget makes p an empty list, without references except its own buffer.
func (p *Postings) Forget() {
	// Field by field: an assignment of all of p costs as much as reading a short list.
	p.win.Reset(nil, 0)
	p.mem, p.base, p.section, p.count = nil, 0, 0, 0
	p.from, p.at, p.to = 0, 0, 0
}

// Left returns the number of items ahead.
func (p *Postings) Left() int { return int(p.to - p.at) }

// items reads n items from a place on, and up to ahead items when they are not
// in memory. They are valid until the next call.
func (p *Postings) items(place, n, ahead uint32) ([]byte, error) {
	if p.mem != nil {
		return p.mem[4*uint64(place-p.base):][:4*uint64(n)], nil
	}
	return p.win.Ahead(4*uint64(place), 4*uint64(n), 4*uint64(min(ahead, p.to-place)))
}

func (p *Postings) item(place, ahead uint32) (uint32, error) {
	b, err := p.items(place, 1, ahead)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(b), nil
}

// Seek moves to the next item that is at least record and returns it, or
// [None]. It does not move past the item.
func (p *Postings) Seek(record uint32) (uint32, error) {
	if p.at >= p.to || record >= p.count {
		p.at = p.to
		return None, nil
	}
	if p.mem != nil {
		return p.seekMemory(record)
	}
	v, err := p.item(p.at, nearItems)
	if err != nil {
		return None, err
	}
	if v >= record {
		return p.checked(v, record)
	}
	// The item at lo is below record. The item at hi is not, or hi is the end.
	lo, hi := p.at, p.to
	for step := uint32(1); step < p.to-lo; step *= 2 {
		ahead := uint32(nearItems)
		if step > nearItems {
			ahead = farItems
		}
		if v, err = p.item(lo+step, ahead); err != nil {
			return None, err
		}
		if v >= record {
			hi = lo + step
			break
		}
		lo += step
	}
	for hi-lo > nearItems {
		mid := lo + (hi-lo)/2
		if v, err = p.item(mid, farItems); err != nil {
			return None, err
		}
		if v >= record {
			hi = mid
		} else {
			lo = mid
		}
	}
	// One read covers the rest; the read of the item at hi may have covered it.
	if hi-lo > 1 {
		between, err := p.items(lo+1, hi-lo-1, hi-lo)
		if err != nil {
			return None, err
		}
		hi = lo + 1 + uint32(firstFrom(between, record))
	}
	if hi == p.to {
		p.at = hi
		return None, nil
	}
	if v, err = p.item(hi, nearItems); err != nil {
		return None, err
	}
	if v, err = p.checked(v, record); err == nil {
		p.at = hi
	}
	return v, err
}

// seekMemory is Seek for a list that is in memory and has items left.
func (p *Postings) seekMemory(record uint32) (uint32, error) {
	rest := p.mem[4*uint64(p.at-p.base):]
	n := firstFrom(rest, record)
	if 4*n == len(rest) {
		p.at = p.to
		return None, nil
	}
	v, err := p.checked(binary.LittleEndian.Uint32(rest[4*n:]), record)
	if err == nil {
		p.at += uint32(n)
	}
	return v, err
}

// firstFrom returns the place of the first of rising u32 numbers that is at
// least from: by doubling steps, since it is most often near, then by halving.
func firstFrom(b []byte, from uint32) int {
	n := len(b) / 4
	at := func(i int) uint32 { return binary.LittleEndian.Uint32(b[4*i:]) }
	lo, step := 0, 1 // all before lo are below from
	for lo+step <= n && at(lo+step-1) < from {
		lo += step
		step *= 2
	}
	hi := min(lo+step-1, n) // the one at hi is not, or hi is the end
	for lo < hi {
		if mid := int(uint(lo+hi) / 2); at(mid) < from {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// checked returns an item that should be at least record, or an error when it
// is not.
func (p *Postings) checked(v, record uint32) (uint32, error) {
	if v < record || v >= p.count {
		return None, ErrTable
	}
	return v, nil
}

// Read moves past the items from first up to end, as many as fit into dst, and
// returns how many it stored. When fewer than len(dst) are stored, no more
// follow before end.
func (p *Postings) Read(dst []uint32, first, end uint32) (n int, err error) {
	if _, err := p.Seek(first); err != nil {
		return 0, err
	}
	for n < len(dst) && p.at < p.to {
		k := min(uint32(len(dst)-n), p.to-p.at, mostItems)
		b, err := p.items(p.at, k, k)
		if err != nil {
			return n, err
		}
		for ; len(b) > 0; b = b[4:] {
			v := binary.LittleEndian.Uint32(b)
			if v >= end {
				return n, nil
			}
			if v < first { // lists rise
				return n, ErrTable
			}
			dst[n] = v
			first = v + 1
			n++
			p.at++
		}
	}
	return n, nil
}

// Count moves to the first item that is at least end, and returns how many
// items from first on it passed.
func (p *Postings) Count(first, end uint32) (int, error) {
	if _, err := p.Seek(first); err != nil {
		return 0, err
	}
	from := p.at
	if _, err := p.Seek(end); err != nil {
		return 0, err
	}
	return int(p.at - from), nil
}
