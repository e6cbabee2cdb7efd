package index

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/thawlog/thaw/core/scratch"
	"github.com/thawlog/thaw/core/source"
)

// linkSize is the size of a link in scratch space: the halves of the id and the record.
const linkSize = 20

// linkSort sorts links by (id, record). What does not fit in memory goes to scratch space
// in sorted runs, which are merged as they are read.
type linkSort struct {
	space  scratch.Space
	most   int // links in memory
	buffer []link
	count  uint64
	file   scratch.File
	ends   []uint64 // of the runs in file
	err    error
}

func compareLinks(a, b *link) int {
	if a.hi != b.hi {
		return cmp.Compare(a.hi, b.hi)
	}
	if a.lo != b.lo {
		return cmp.Compare(a.lo, b.lo)
	}
	return cmp.Compare(a.record, b.record)
}

func (l *linkSort) add(hi, lo uint64, record uint32) {
	if len(l.buffer) >= l.most {
		l.spill()
	}
	if len(l.buffer) == cap(l.buffer) {
		l.grow()
	}
	l.buffer = append(l.buffer, link{hi: hi, lo: lo, record: record})
	l.count++
}

// grow makes room for more links. The last buffer has room for most of them, and each one for
// four times as many as the one before, which is garbage: together a third of the last.
func (l *linkSort) grow() {
	size := l.most
	for size/4 > max(cap(l.buffer), 63) {
		size /= 4
	}
	buffer := make([]link, len(l.buffer), max(size, 1))
	copy(buffer, l.buffer)
	l.buffer = buffer
}

func (l *linkSort) sort() {
	slices.SortFunc(l.buffer, func(a, b link) int { return compareLinks(&a, &b) })
}

// spill writes the links in memory as a run.
func (l *linkSort) spill() {
	if l.file == nil && l.err == nil {
		l.file, l.err = l.space.Create()
	}
	l.sort()
	var b []byte
	for i, k := range l.buffer {
		b = binary.LittleEndian.AppendUint64(b, k.hi)
		b = binary.LittleEndian.AppendUint64(b, k.lo)
		b = binary.LittleEndian.AppendUint32(b, k.record)
		if (len(b) >= columnBlock || i == len(l.buffer)-1) && l.err == nil {
			_, l.err = l.file.Write(b)
			b = b[:0]
		}
	}
	if l.err == nil {
		l.ends = append(l.ends, uint64(l.file.Size()))
	}
	l.buffer = l.buffer[:0]
}

// rest writes the links in memory as a run if there are other runs, and frees the memory.
func (l *linkSort) rest() {
	if l.file == nil {
		return
	}
	if len(l.buffer) > 0 {
		l.spill()
	}
	l.buffer = nil
}

// each calls f with the records in the order of (id, record). It uses at most memory bytes
// for the runs, and a page for each.
func (l *linkSort) each(memory int, f func(record uint32) error) error {
	l.rest()
	if l.err != nil {
		return l.err
	}
	if l.file == nil {
		l.sort()
		for i := range l.buffer {
			if err := f(l.buffer[i].record); err != nil {
				return err
			}
		}
		return nil
	}
	var h mergeHeap
	begin := uint64(0)
	for _, end := range l.ends {
		r := &linkRun{end: end, at: begin}
		r.win.Reset(l.file, max(memory/len(l.ends), pageBlock))
		begin = end
		if err := r.next(); err != nil {
			return err
		}
		h = append(h, r)
	}
	for i := len(h)/2 - 1; i >= 0; i-- {
		h.down(i)
	}
	for len(h) > 0 {
		r := h[0]
		if err := f(r.link.record); err != nil {
			return err
		}
		if r.at == r.end {
			h[0] = h[len(h)-1]
			h = h[:len(h)-1]
		} else if err := r.next(); err != nil {
			return err
		}
		h.down(0)
	}
	return nil
}

func (l *linkSort) close() error {
	file := l.file
	l.file, l.buffer = nil, nil
	if file == nil {
		return nil
	}
	return file.Close()
}

// pageBlock is the least that is read of a run at once.
const pageBlock = 4096

// linkRun is a sorted run that is read.
type linkRun struct {
	win     source.Window
	at, end uint64
	link    link
}

func (r *linkRun) next() error {
	b, err := r.win.Bytes(r.at, linkSize)
	if err != nil {
		return err
	}
	r.link.hi, r.link.lo = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	r.link.record = binary.LittleEndian.Uint32(b[16:])
	r.at += linkSize
	return nil
}

// mergeHeap has the run with the least link first.
type mergeHeap []*linkRun

func (h mergeHeap) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h); child++ {
			if compareLinks(&h[child].link, &h[least].link) < 0 {
				least = child
			}
		}
		if least == i {
			return
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
}
