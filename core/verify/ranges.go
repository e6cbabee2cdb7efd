package verify

import (
	"cmp"
	"errors"
	"iter"
	"slices"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
)

// hidden is the content of visibility_ranges.fbv.
type hidden struct {
	visibility.Ranges
	raw []byte
}

// hiddenRanges reads visibility_ranges.fbv. If that is damaged, the rest of the run treats
// no event as hidden.
func (c *check) hiddenRanges() error {
	const file = visibility.FileName
	e, ok := c.dir.listing.Others[file]
	if !ok {
		return nil
	}
	if !e.Regular {
		c.findings.damage(at(file, 0, damage.NotRegular, nil, nil))
		return nil
	}
	if e.Size > visibility.MaxSize {
		c.refused(file, damage.Refuse(damage.Length, -1, nil))
		return nil
	}
	raw, err := c.whole(file)
	if err == nil {
		c.ranges.raw = raw
		c.ranges.Ranges, err = visibility.Decode(raw)
	}
	if err != nil {
		c.refused(file, err)
	}
	return nil
}

// whole returns the content of a file.
func (c *check) whole(file string) ([]byte, error) {
	src, err := c.dir.Open(file)
	if err != nil {
		return nil, err
	}
	raw := make([]byte, max(src.Size(), 0))
	return raw, source.Read(src, raw, 0)
}

// refused reports a decoder's refusal, or any other error, as damage of file.
func (c *check) refused(file string, err error) {
	var why *damage.Refusal
	if !errors.As(err, &why) {
		why = &damage.Refusal{Reason: damage.Unreadable, Err: err}
	}
	var event *damage.Touched
	if out := (*store.LeftOut)(nil); errors.As(err, &out) {
		event = &damage.Touched{ID: out.ID, Sequence: out.Sequence, Numbered: true}
	}
	c.findings.damage(at(file, uint64(max(why.Offset, 0)), why.Reason, why.Err, event))
}

// hides reports whether event i is hidden.
func (c *check) hides(i int) bool { return c.view.hidden.Hides(c.view.sequences.At(i)) }

// hiddenOf counts the sequences from from up to from+n that ranges hide.
func hiddenOf(ranges visibility.Ranges, from, n uint64) (hidden uint64) {
	end := from + n
	k, _ := slices.BinarySearchFunc(ranges, from+1, func(r visibility.Range, at uint64) int {
		return cmp.Compare(r.End, at)
	})
	for ; k < len(ranges) && ranges[k].Start < end; k++ {
		hidden += min(end, ranges[k].End) - max(from, ranges[k].Start)
	}
	return hidden
}

// errAhead is the cause of damage for a range of sequences that were never assigned.
var errAhead = errors.New("verify: the range ends above the next sequence")

// checkRanges compares the ranges with the events. A crash that loses events leaves a
// range above the next sequence, so such a range is damage only if the log ended in
// order.
func (c *check) checkRanges() error {
	next, stop := iter.Pull2(c.view.sequences.Runs())
	defer stop()
	from, n, more := next()
	offset := c.ranges.first()
	for k, rg := range c.ranges.Ranges {
		if err := c.each(k); err != nil {
			return err
		}
		for more && from+uint64(n) <= rg.Start {
			from, n, more = next()
		}
		n := Note{File: visibility.FileName, Offset: offset, First: rg.Start, End: rg.End}
		offset += rangeSize(rg)
		switch {
		case rg.End <= c.view.next:
			if !more || from >= rg.End {
				n.Topic = HiddenNothing
				c.findings.note(n)
			}
		case c.view.orderly:
			d := at(n.File, n.Offset, damage.Ranges, errAhead, nil)
			d.FirstSequence, d.EndSequence = rg.Start, rg.End
			c.findings.damage(d)
		default:
			n.Topic = HiddenAhead
			c.findings.note(n)
		}
	}
	return nil
}

// first returns the offset of the first range in the file. Ranges have only one
// encoding, so the bytes from there to the end have a known length.
func (h *hidden) first() uint64 {
	off := uint64(len(h.raw))
	for _, rg := range h.Ranges {
		off -= rangeSize(rg)
	}
	return off
}

// rangeSize returns the encoded length of a range.
func rangeSize(rg visibility.Range) uint64 {
	var one, none [64]byte
	return uint64(len(visibility.AppendFile(one[:0], visibility.Ranges{rg})) - len(visibility.AppendFile(none[:0], nil)))
}
