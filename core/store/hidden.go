package store

import (
	"errors"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/visibility"
)

// hiddenRanges reads visibility_ranges.fbv. With Options.ShowHidden an error of the
// file is returned as a refusal.
func (o *opening) hiddenRanges() (visibility.Ranges, *damage.Refusal, error) {
	ranges, err := loadHidden(o.files, o.listing)
	var d *damage.Damage
	switch {
	case err == nil:
		return ranges, nil, nil
	case o.options.ShowHidden && errors.As(err, &d):
		return nil, &damage.Refusal{File: d.File, Reason: d.Reason, Offset: int64(d.Offset), Err: d.Err}, nil
	case o.options.ShowHidden && errors.Is(err, source.ErrRead):
		return nil, refusal(visibility.FileName, err), nil
	}
	return nil, nil, err
}

// loadHidden reads visibility_ranges.fbv. Any defect of it is an error, since nothing
// else records which events must stay hidden: a [source.ReadError] when it could not be
// read, and otherwise a [damage.Damage].
func loadHidden(files directory.Files, l *directory.Listing) (visibility.Ranges, error) {
	e, ok := l.Others[visibility.FileName]
	if !ok {
		return nil, nil
	}
	ranges, err := readHidden(files, e)
	switch {
	case errors.Is(err, source.ErrRead), errors.Is(err, source.ErrGone):
		return nil, source.Named(e.Name, err)
	case errors.Is(err, source.ErrShort):
		return nil, &damage.Damage{File: e.Name, Reason: damage.Shortened, Err: err}
	case err != nil:
		r := refusal(e.Name, err)
		return nil, &damage.Damage{
			File: e.Name, Offset: uint64(max(r.Offset, 0)), Reason: r.Reason, Err: r.Err,
		}
	}
	return ranges, nil
}

func readHidden(files directory.Files, e directory.Entry) (visibility.Ranges, error) {
	if !e.Regular {
		return nil, damage.Refuse(damage.NotRegular, -1, nil)
	}
	src, err := directory.Open(files, e.Name)
	if err != nil {
		return nil, err
	}
	if src.Size() > visibility.MaxSize {
		return nil, damage.Refuse(damage.Length, -1, nil)
	}
	raw := make([]byte, max(src.Size(), 0))
	if err := source.Read(src, raw, 0); err != nil {
		return nil, err
	}
	return visibility.Decode(raw)
}

// hide applies the ranges of visibility_ranges.fbv to the events that were read.
func (o *opening) hide(ranges visibility.Ranges) error {
	r := &o.report
	ranges = widenHidden(ranges, r, o.filesEnd().endSequence)
	hidden, d, err := o.disambiguate(ranges)
	if d != nil {
		r.Damages = append(r.Damages, d)
		o.minNext = max(o.minNext, ranges.End())
	}
	r.HiddenRanges = hidden
	return err
}

// widenHidden widens each hidden range that a loss precedes or meets. Events after a
// loss may have lower numbers than before, until the numbers are known again, and a
// cancelled one must not become visible. Sequences below from belong to
// an index, and a loss does not move them.
func widenHidden(ranges visibility.Ranges, r *Report, from uint64) visibility.Ranges {
	widened := ranges
	widen := func(first, end uint64) {
		for _, hidden := range ranges {
			if start := max(first, from); start < hidden.End && hidden.Start < end {
				widened = widened.Add(visibility.Range{Start: start, End: hidden.End})
			}
		}
	}
	for _, d := range r.Damages {
		widen(d.FirstSequence, d.EndSequence)
	}
	for _, g := range r.Gaps {
		if g.End == damage.UnknownEnd {
			widen(g.First, g.End)
		}
	}
	return widened
}

// hiddenIn returns how many records of a part the ranges hide.
func hiddenIn(p *part, ranges visibility.Ranges) (n uint64, err error) {
	if len(ranges) == 0 {
		return 0, nil
	}
	r := p.Reader()
	for _, h := range ranges {
		from, err := r.After(h.Start)
		if err != nil {
			return 0, err
		}
		if from == p.Image.Count {
			break
		}
		to, err := r.After(h.End)
		if err != nil {
			return 0, err
		}
		n += uint64(to - from)
	}
	return n, nil
}
