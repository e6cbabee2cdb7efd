package verify

import (
	"errors"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/sidx"
)

// footer reads the footer of one segment entry by entry. A nil *footer has no entries.
type footer struct {
	*comparison
	*sidx.Footer
	file    string
	id      uint64
	entries uint64 // offset of the first entry in the file
	walk    *walkResult
	next    int
	used    []uint64
}

// footer decodes the footer after the frames of a segment and checks it by itself. It
// returns nil if there is no footer to compare.
func (c *comparison) footer(s directory.SegmentEntry, w *walkResult) (*footer, error) {
	if !w.ok || !w.rest.Footer {
		return nil, nil
	}
	src, err := c.dir.Open(s.Name)
	if err != nil {
		return nil, err
	}
	raw, err := segment.FooterInto(&c.buffer, src, w.rest.Offset)
	var why *damage.Refusal
	switch {
	case errors.As(err, &why):
		// Decode counts some offsets from the footer's first byte.
		c.findings.damage(at(s.Name, w.rest.Offset, damage.Footer, why.Err, nil))
		return nil, nil
	case err != nil:
		if !c.findings.blames(s.Name, damage.Shortened) {
			c.findings.damage(at(s.Name, w.rest.Offset, damage.Shortened, err, nil))
		}
		return nil, nil
	}
	f := &footer{
		comparison: c,
		Footer:     raw,
		file:       s.Name,
		id:         s.ID,
		entries:    w.rest.Offset + w.rest.Length - sidx.TrailerSize - uint64(raw.Len())*sidx.EntrySize,
		walk:       w,
		used:       make([]uint64, (raw.Names.Len()+63)/64),
	}
	for i := 1; i < raw.Len(); i++ {
		if raw.FrameOffset(i-1) >= raw.FrameOffset(i) {
			t := f.touched(i)
			c.findings.damage(at(f.file, f.offset(i), damage.Footer, errOrder, &t))
			return nil, nil
		}
	}
	return f, nil
}

// offset returns the offset of entry i in the file.
func (f *footer) offset(i int) uint64 { return f.entries + uint64(i)*sidx.EntrySize }

// touched returns the event that entry i names.
func (f *footer) touched(i int) damage.Touched {
	e := f.Entry(i)
	return damage.Touched{ID: e.ID, Sequence: e.Sequence, Numbered: true}
}

// claim returns the footer's claim about the event t, whose frame is at offset off. It
// reports entries before that as extra.
func (f *footer) claim(off uint64, t *damage.Touched) (cl claim, ok bool) {
	if f == nil {
		return cl, false
	}
	for f.next < f.Len() && f.FrameOffset(f.next) < off {
		f.extra()
	}
	if f.next == f.Len() || f.FrameOffset(f.next) != off {
		if off < f.walk.spanFrom && off >= f.walk.spanTo {
			f.findings.damage(at(f.file, f.offset(f.next), damage.Footer, errLeftOut, t))
		}
		return cl, false
	}
	e := f.Entry(f.next)
	cl = claim{file: f.file, offset: f.offset(f.next), footer: true, facts: e.Facts}
	cl.facts.Position.Segment = f.id
	cl.entity, cl.scope = f.name(e.Entity), f.name(e.Scope)
	f.next++
	return cl, true
}

// name returns a string of the table, or nil if the number is out of range.
func (f *footer) name(number uint32) []byte {
	if uint64(number) >= uint64(f.Names.Len()) {
		return nil
	}
	f.used[number/64] |= 1 << (number % 64)
	return f.Names.At(number)
}

// extra handles the next entry, which has no event. It is wrong unless its frame is lost.
func (f *footer) extra() {
	t, off := f.touched(f.next), f.FrameOffset(f.next)
	if d := f.truth.covering(f.id, off); d != nil {
		touch(d, t)
	} else if !f.truth.lost[t.ID] {
		f.findings.damage(at(f.file, f.offset(f.next), damage.Footer, errExtra, &t))
	}
	e := f.Entry(f.next)
	f.name(e.Entity)
	f.name(e.Scope)
	f.next++
}

// finish handles the entries after the last event.
func (f *footer) finish() {
	if f == nil {
		return
	}
	for f.next < f.Len() {
		f.extra()
	}
	f.unused(f.file, f.walk.rest.Offset, f.Names.Len(), f.used, 0)
}
