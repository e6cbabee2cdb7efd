package store

import (
	"errors"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// FrameBytes returns the bytes of an event's frame as they are, sound or not. Where the
// segment ends before the frame does, it returns those that are there, and of a length that no
// frame has [segment.MaxFrame] bytes. An event without a
// position is [ErrNotFound], and the zero event [commit.ErrZeroID].
func (s *Snapshot) FrameBytes(e event.Event) ([]byte, error) {
	if e.Position == (event.Position{}) {
		if err := commit.CheckID(e.ID); err != nil {
			return nil, err
		}
		return nil, ErrNotFound
	}
	src, err := s.openSegment(e.Position.Segment)
	if err != nil {
		return nil, unreadFrame(e, err)
	}
	size := uint64(max(src.Size(), 0))
	if e.Position.Offset >= size {
		return nil, lostEvent(e, damage.Shortened, source.ErrShort)
	}
	raw := make([]byte, min(uint64(e.Position.Length), segment.MaxFrame, size-e.Position.Offset))
	if err := source.Read(src, raw, e.Position.Offset); err != nil {
		return nil, unreadFrame(e, err)
	}
	return raw, nil
}

// unreadFrame is the error of an event whose frame could not be read.
func unreadFrame(e event.Event, err error) error {
	switch {
	case errors.Is(err, source.ErrGone):
		return lostEvent(e, damage.SegmentMissing, err)
	case errors.Is(err, source.ErrShort):
		return lostEvent(e, damage.Shortened, err)
	}
	return unreadEvent(e, err)
}
