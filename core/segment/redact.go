package segment

import (
	"errors"

	"github.com/thawlog/thaw/core/event"
)

// Errors of [Redact], besides the [damage.Refusal] of a frame that is not sound.
var (
	// ErrMarker: the frame is a batch marker, which has no payload.
	ErrMarker = errors.New("segment: a batch marker cannot be redacted")
	// ErrRedactedKind: the kind is that of a batch marker.
	ErrRedactedKind = errors.New("segment: a redacted event cannot be a batch marker")
)

// Redacted reports whether the payload was removed by [Redact]: the flag is set, and there is
// no payload or nil. Its hashes are those of the payload that it had.
func (b *Body) Redacted() bool { return event.Redacted(b.Flags, b.Payload) }

// Redact appends to dst the redacted frame of an event: the same, but for its kind, with
// [event.RedactedPayload] as payload, without metadata, and with [event.FlagRedacted]. Ids, times, position, hashes and names
// stay, so the event keeps its place in every chain. frame must be exactly one sound frame of
// an event; it is not changed, and may be redacted already. On error dst is returned as it was.
func Redact(dst, frame []byte, kind event.Kind) ([]byte, error) {
	var b Body
	if err := DecodeFrame(frame, &b); err != nil {
		return dst, err
	}
	if b.Kind.IsMarker() || b.IsMarker() {
		return dst, ErrMarker
	}
	if kind.IsMarker() {
		return dst, ErrRedactedKind
	}
	b.Payload, b.PayloadSize, b.Form = append(b.Payload[:0], event.RedactedPayload...), uint32(len(event.RedactedPayload)), PayloadArray
	b.Meta = event.Meta{}
	b.Flags |= event.FlagRedacted
	b.Kind = kind
	return AppendFrame(dst, &b), nil
}
