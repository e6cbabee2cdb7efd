package store

import (
	"cmp"
	"errors"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// Read returns an event that a query found, with its payload and its own time, from its
// frame. The frame must be sound and agree with the index; otherwise the error is a
// [damage.Damage] that names the event. When the frame could not be read, it is a
// [source.ReadError] whose cause names the event. A time that e already has is not
// compared. An event without a position, which no query returns, is [ErrNotFound], and
// the zero event [commit.ErrZeroID].
func (s *Snapshot) Read(e event.Event) (event.Full, error) {
	if e.Position == (event.Position{}) {
		return event.Full{}, cmp.Or(commit.CheckID(e.ID), ErrNotFound)
	}
	return s.readFrame(e)
}

func (s *Snapshot) readFrame(e event.Event) (event.Full, error) {
	var full event.Full
	raw, err := readFrameAt(s.files, e.Position)
	switch {
	case errors.Is(err, source.ErrGone):
		return full, lostEvent(e, damage.SegmentMissing, err)
	case errors.Is(err, source.ErrShort):
		return full, lostEvent(e, damage.Shortened, err)
	case err != nil:
		return full, unreadEvent(e, err)
	}
	var b segment.Body
	if err := segment.DecodeFrame(raw, &b); err != nil {
		var why *damage.Refusal
		errors.As(err, &why)
		return full, lostEvent(e, why.Reason, why.Err)
	}
	facts := b.Facts(e.Position)
	facts.Sequence = e.Sequence
	if facts != e.Facts || string(b.Entity) != e.Entity || string(b.Scope) != e.Scope {
		return full, lostEvent(e, damage.Disagrees, nil)
	}
	if hash := s.options.Hash; hash != nil && !b.EventHash.IsZero() && hash(b.Payload) != b.EventHash {
		return full, lostEvent(e, damage.PayloadHash, nil)
	}
	e.TimestampUS, e.Timed = b.TimestampUS, true
	return event.Full{
		Event:       e,
		PayloadSize: b.PayloadSize,
		Flags:       b.Flags,
		ContentHash: b.ContentHash,
		Meta:        b.Meta,
		Payload:     b.Payload,
	}, nil
}

// ReadID returns the first visible event with an id, as Get and then Read do.
func (s *Snapshot) ReadID(id event.ID) (event.Full, error) {
	e, err := s.Get(id)
	if err != nil {
		return event.Full{}, err
	}
	return s.readFrame(e)
}

// readFrameAt reads the bytes at a position. It checks the length against the file's.
func readFrameAt(files directory.Files, p event.Position) ([]byte, error) {
	src, err := directory.Open(files, segment.Name(p.Segment))
	if err != nil {
		return nil, err
	}
	size := uint64(max(src.Size(), 0))
	if p.Offset > size || uint64(p.Length) > size-p.Offset {
		return nil, source.ErrShort
	}
	raw := make([]byte, p.Length)
	return raw, source.Read(src, raw, p.Offset)
}

// unreadEvent adds the event whose frame could not be read to err.
func unreadEvent(e event.Event, err error) error {
	failed := source.ReadError{File: segment.Name(e.Position.Segment), Offset: int64(e.Position.Offset), Err: err}
	if why, ok := err.(*source.ReadError); ok {
		failed.Err = why.Err
	}
	failed.Err = &EventError{ID: e.ID, Sequence: e.Sequence, Kind: e.Kind, Err: failed.Err}
	return &failed
}

// lostEvent is the damage of an event whose frame is gone or wrong.
func lostEvent(e event.Event, reason damage.Reason, err error) error {
	d := &damage.Damage{
		File:   segment.Name(e.Position.Segment),
		Offset: e.Position.Offset,
		Length: uint64(e.Position.Length),
		Reason: reason,
		Err:    &EventError{ID: e.ID, Sequence: e.Sequence, Kind: e.Kind, Err: err},
	}
	d.Touch(damage.Touched{ID: e.ID, Sequence: e.Sequence, Numbered: true})
	return d
}
