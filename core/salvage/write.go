package salvage

import (
	"cmp"
	"errors"

	"github.com/thawlog/thaw/core/extract"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// ErrChanged is returned by [Salvage.Write] when a frame is no longer what it was when the
// store was examined: something wrote to the store meanwhile.
var ErrChanged = errors.New("salvage: the store changed while it was read")

// Write hands out the segments of the new store. Each event is read and checked again. The
// names of the files are those of [segment.Name].
func (s *Salvage) Write(o extract.Options, put extract.Put) (segments int, err error) {
	w := extract.NewWriter(o, put)
	extras := s.extras
	before := func(sequence uint64) error {
		for len(extras) > 0 && extras[0].Sequence < sequence {
			x := &extras[0]
			extras = extras[1:]
			raw, err := s.frame(x)
			if err == nil {
				err = w.Add(&x.Event, raw)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	var body segment.Body
	for f, err := range s.snapshot.Frames(s.all()) {
		if err != nil {
			return 0, err
		}
		if s.badAt(f.Position.Segment, f.Position.Offset) != nil {
			continue
		}
		if f.Err != nil {
			if errors.Is(f.Err, source.ErrRead) {
				return 0, f.Err
			}
			return 0, errors.Join(ErrChanged, f.Err)
		}
		if err := before(f.Sequence); err != nil {
			return 0, err
		}
		raw := f.Raw
		if err := segment.DecodeFrame(raw, &body); err != nil {
			return 0, errors.Join(ErrChanged, err)
		}
		if body.Form != segment.PayloadArray {
			raw = rewritten(&body)
		}
		if err := w.Add(&f.Event, raw); err != nil {
			return 0, err
		}
	}
	if err := cmp.Or(before(unnumbered), w.Finish()); err != nil {
		return 0, err
	}
	return w.Segments(), nil
}

// rewritten returns the frame of a body with its payload in the form that batpak reads.
func rewritten(b *segment.Body) []byte {
	b.Form = segment.PayloadArray
	return segment.AppendFrame(nil, b)
}

// frame returns the frame of an event that the snapshot cannot read.
func (s *Salvage) frame(x *extra) ([]byte, error) {
	src, err := s.files.raw(x.file)
	if err != nil {
		return nil, err
	}
	w := segment.NewWalker(src, x.Position.Offset)
	step, ok := w.Next()
	if err := w.Err(); err != nil {
		return nil, source.Named(x.file, err)
	}
	if !ok || step.Body == nil || step.Offset != x.Position.Offset || step.Body.ID != x.ID || !s.intact(step.Body) {
		return nil, ErrChanged
	}
	return rewritten(step.Body), nil
}
