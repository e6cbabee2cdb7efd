package store

import (
	"errors"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/visibility"
)

// loadHidden reads visibility_ranges.fbv. Whatever is wrong with it is an
// error, since nothing else knows which events must stay hidden: a
// [source.ReadError] when it could not be read, and otherwise a [damage.Damage].
func loadHidden(files directory.Files, l *directory.Listing, o *Options) (visibility.Ranges, error) {
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

// hideUncertain widens the hidden ranges where a loss comes before them or in them:
// events behind it may have lower numbers than they once had, up to where the numbers
// are known again, and a cancelled one must not slip out from under its range.
// Sequences below taken are an artifact's, which a loss does not move.
func hideUncertain(ranges visibility.Ranges, r *Report, taken uint64) visibility.Ranges {
	widened := ranges
	widen := func(first, end uint64) {
		for _, hidden := range ranges {
			if start := max(first, taken); start < hidden.End && hidden.Start < end {
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
