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

// hidden is what visibility_ranges.fbv says.
type hidden struct {
	visibility.Ranges
	raw []byte
}

// hiddenRanges reads visibility_ranges.fbv. A damaged one hides nothing in the
// rest of the run.
func (r *run) hiddenRanges() error {
	const file = visibility.FileName
	e, ok := r.dir.listing.Others[file]
	if !ok {
		return nil
	}
	if !e.Regular {
		r.findings.damage(at(file, 0, damage.NotRegular, nil, nil))
		return nil
	}
	raw, err := r.whole(file)
	if err == nil {
		r.ranges.raw = raw
		r.ranges.Ranges, err = visibility.Decode(raw)
	}
	if err != nil {
		r.refused(file, err)
	}
	return nil
}

// whole reads a file.
func (r *run) whole(file string) ([]byte, error) {
	src, err := r.dir.Open(file)
	if err != nil {
		return nil, err
	}
	raw := make([]byte, max(src.Size(), 0))
	return raw, source.Read(src, raw, 0)
}

// refused turns a decoder's refusal, or any other error, into a damage of file.
func (r *run) refused(file string, err error) {
	var why *damage.Refusal
	if !errors.As(err, &why) {
		why = &damage.Refusal{Reason: damage.Unreadable, Err: err}
	}
	var event *damage.Touched
	if out := (*store.LeftOut)(nil); errors.As(err, &out) {
		event = &damage.Touched{ID: out.ID, Sequence: out.Sequence, Numbered: true}
	}
	r.findings.damage(at(file, uint64(max(why.Offset, 0)), why.Reason, why.Err, event))
}

// hides reports whether event i is hidden.
func (r *run) hides(i int) bool { return r.shown.hidden.Hides(r.shown.sequences.At(i)) }

// hiddenOf counts those of n sequences, from one on, that ranges hide.
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

// errAhead is the cause when a range hides sequences that were never given out.
var errAhead = errors.New("verify: the range ends after the allocator")

// checkRanges compares the ranges with the events. A range after the
// allocator is what a crash leaves that took the events, so it is damage only
// where the log ended in order.
func (r *run) checkRanges() error {
	next, stop := iter.Pull2(r.shown.sequences.Runs())
	defer stop()
	from, n, more := next()
	offset := r.ranges.first()
	for k, rg := range r.ranges.Ranges {
		if err := r.each(k); err != nil {
			return err
		}
		for more && from+uint64(n) <= rg.Start {
			from, n, more = next()
		}
		n := Note{File: visibility.FileName, Offset: offset, First: rg.Start, End: rg.End}
		offset += rangeSize(rg)
		switch {
		case rg.End <= r.shown.allocator:
			if !more || from >= rg.End {
				n.Topic = HiddenNothing
				r.findings.note(n)
			}
		case r.shown.orderly:
			d := at(n.File, n.Offset, damage.Ranges, errAhead, nil)
			d.FirstSequence, d.EndSequence = rg.Start, rg.End
			r.findings.damage(d)
		default:
			n.Topic = HiddenAhead
			r.findings.note(n)
		}
	}
	return nil
}

// first is where the first range stands in the file. Its spelling is the only
// one, so what comes after has a known length.
func (h *hidden) first() uint64 {
	off := uint64(len(h.raw))
	for _, rg := range h.Ranges {
		off -= rangeSize(rg)
	}
	return off
}

// rangeSize is the length of a range in the file.
func rangeSize(rg visibility.Range) uint64 {
	var one, none [64]byte
	return uint64(len(visibility.AppendFile(one[:0], visibility.Ranges{rg})) - len(visibility.AppendFile(none[:0], nil)))
}
