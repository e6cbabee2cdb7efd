package store

import (
	"cmp"
	"errors"
	"sync"

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
//
// A redacted event comes with a [RedactedError], and with all that is left of it.
func (s *Snapshot) Read(e event.Event) (event.Full, error) {
	if e.Position == (event.Position{}) {
		return event.Full{}, cmp.Or(commit.CheckID(e.ID), ErrNotFound)
	}
	return s.readPayload(e)
}

// readPayload is readFrame for a caller that wants the payload.
func (s *Snapshot) readPayload(e event.Event) (event.Full, error) {
	full, err := s.readFrame(e)
	if err == nil {
		err = Redaction(&full)
	}
	if err == nil {
		err = s.unseal(&full)
	}
	if err != nil && !errors.Is(err, ErrErased) {
		full = event.Full{}
	}
	return full, err
}

// unseal calls Options.Unseal. After an error there is no payload.
func (s *Snapshot) unseal(full *event.Full) error {
	if s.options.Unseal == nil || len(full.Payload) == 0 {
		return nil
	}
	err := s.options.Unseal(full)
	if err != nil {
		full.Payload = nil
	}
	return err
}

// readFrame returns an event with what only its frame has, wherever that is now.
func (s *Snapshot) readFrame(e event.Event) (event.Full, error) {
	full, err := s.readHere(e)
	if err != nil && s.options.Moved != nil {
		return s.readMoved(e, err)
	}
	return full, err
}

// readHere is readFrame of the frame that lies where the snapshot has it.
func (s *Snapshot) readHere(e event.Event) (event.Full, error) {
	f := borrowFrame()
	defer f.giveBack()
	raw, err := f.read(s, e.Position)
	if err != nil {
		return event.Full{}, unreadFrame(e, err)
	}
	full := event.Full{Event: e}
	f.body.Payload = nil // the caller's own
	if why := s.decodeFrame(raw, &f.body, &full); why != nil {
		return event.Full{}, lostEvent(e, why.Reason, why.Err)
	}
	return full, nil
}

// decodeFrame decodes the frame of an event into b, whose payload's capacity it uses,
// checks it against the event, and adds the fields that only the frame has.
func (s *Snapshot) decodeFrame(raw []byte, b *segment.Body, full *event.Full) *damage.Refusal {
	_, why := s.checkFrameAt(raw, b, full)
	return why
}

// checkFrameAt is decodeFrame, and returns the offset of the payload in the frame.
func (s *Snapshot) checkFrameAt(raw []byte, b *segment.Body, full *event.Full) (payloadAt int, why *damage.Refusal) {
	if payloadAt, why = compareFrame(raw, b, &full.Event); why != nil {
		return 0, why
	}
	if hash := s.options.Hash; hash != nil && !b.EventHash.IsZero() && !b.Redacted() && hash(b.Payload) != b.EventHash {
		return 0, damage.Refuse(damage.PayloadHash, -1, nil)
	}
	complete(full, b)
	return payloadAt, nil
}

// decodeKnown is decodeFrame, and faster for a frame that known has. known may be nil.
func (s *Snapshot) decodeKnown(raw []byte, b *segment.Body, full *event.Full, known *knownFrames) (ok bool) {
	e := &full.Event
	checksum, ok := segment.Checksum(raw)
	if known == nil || s.options.Hash == nil || !ok {
		return s.decodeFrame(raw, b, full) == nil
	}
	slot, mark := known.slot(e.Sequence), known.mark(e, checksum)
	before := slot.Load()
	if before&^payloadAtMask != mark {
		payloadAt, why := s.checkFrameAt(raw, b, full)
		if why == nil {
			remember(slot, mark, b, payloadAt)
		}
		return why == nil
	}
	if at := before & payloadAtMask; at > 0 && segment.DecodePayload(raw, int(at), !e.Causation.IsZero(), b) {
		b.ContentHash = e.EventHash
	} else if _, why := compareFrame(raw, b, e); why != nil {
		return false
	}
	complete(full, b)
	return true
}

// compareFrame decodes the frame of an event into b and compares it with the event. It
// returns the offset of the payload in the frame.
func compareFrame(raw []byte, b *segment.Body, e *event.Event) (payloadAt int, _ *damage.Refusal) {
	payloadAt, err := segment.DecodeFrameAt(raw, b)
	if err != nil {
		var why *damage.Refusal
		errors.As(err, &why)
		return 0, why
	}
	facts := b.Facts(e.Position)
	facts.Sequence = e.Sequence
	if facts != e.Facts || string(b.Entity) != e.Entity || string(b.Scope) != e.Scope {
		return 0, damage.Refuse(damage.Disagrees, -1, nil)
	}
	return payloadAt, nil
}

// complete adds the fields that only the frame has.
func complete(full *event.Full, b *segment.Body) {
	full.TimestampUS, full.Timed = b.TimestampUS, true
	full.PayloadSize, full.Flags = b.PayloadSize, b.Flags
	full.ContentHash, full.Payload = b.ContentHash, b.Payload
	full.Meta = b.Meta
	if b.Redacted() {
		full.PayloadSize, full.Payload = 0, nil
	}
}

// ReadID returns the first visible event with an id, as Get and then Read do.
func (s *Snapshot) ReadID(id event.ID) (event.Full, error) {
	e, err := s.Get(id)
	if err != nil {
		return event.Full{}, err
	}
	return s.readPayload(e)
}

// frameBuffer holds one frame, or several that are read at once, while they are decoded.
type frameBuffer struct {
	raw  []byte
	body segment.Body
}

// keptFrames is the size in bytes of the largest buffer that is kept for later frames.
const keptFrames = 256 << 10

var frameBuffers = sync.Pool{New: func() any { return new(frameBuffer) }}

func borrowFrame() *frameBuffer { return frameBuffers.Get().(*frameBuffer) }

// giveBack returns the buffer to the pool. The bytes that read returned, and the names in
// the body, are no longer valid.
func (f *frameBuffer) giveBack() {
	if cap(f.raw) > keptFrames {
		f.raw = nil
	}
	f.body.Payload, f.body.Entity, f.body.Scope = nil, nil, nil
	frameBuffers.Put(f)
}

// read returns the bytes at a position, valid until the next call.
func (f *frameBuffer) read(s *Snapshot, p event.Position) ([]byte, error) {
	src, err := s.openSegment(p.Segment)
	if err != nil {
		return nil, err
	}
	return f.readAt(src, p.Offset, uint64(p.Length))
}

// readAt returns n bytes of a segment, valid until the next call. It checks the length
// against the segment's.
func (f *frameBuffer) readAt(src source.Source, off, n uint64) ([]byte, error) {
	size := uint64(max(src.Size(), 0))
	if off > size || n > size-off {
		return nil, source.ErrShort
	}
	if mem, ok := src.(source.Memory); ok {
		if raw := mem.Slice(off, n); uint64(len(raw)) == n {
			return raw, nil
		}
	}
	if uint64(cap(f.raw)) < n {
		f.raw = make([]byte, n)
	}
	f.raw = f.raw[:n]
	return f.raw, source.Read(src, f.raw, off)
}

// openSegment returns the content of a segment.
func (s *Snapshot) openSegment(id uint64) (source.Source, error) {
	return directory.Open(s.files, s.listing.Name(id))
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
