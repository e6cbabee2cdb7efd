package lines

import (
	"encoding/base64"
	"strconv"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/payload"
)

// Shape selects the keys of an event's line. Keys are always in the order of
// their bytes.
type Shape uint8

const (
	// Plain has the fields of the index, and the event's own time, which is
	// null unless the event is Timed.
	Plain Shape = iota
	// Payloads has the fields that only a frame has (payload, meta, flags, the
	// event's own time), and causation_id, clock, correlation_id, entity, kind,
	// scope, seq and wall_ms. Without metadata it has no meta. A redacted event has no payload,
	// but redacted, which is true.
	Payloads
	// Full has the keys of both.
	Full
)

// AppendEvent appends an event as one JSON object and a newline. For Plain it
// uses only e.Event.
func AppendEvent(dst []byte, s Shape, e *event.Full) []byte {
	return AppendNamedEvent(dst, s, e, "")
}

// AppendNamedEvent is AppendEvent with one more key, kind_name, unless the name is empty.
func AppendNamedEvent(dst []byte, s Shape, e *event.Full, name string) []byte {
	switch s {
	case Plain:
		dst = appendPlain(dst, &e.Event, name)
	case Payloads:
		dst = appendPayloads(dst, e, name)
	default:
		dst = appendFull(dst, e, name)
	}
	return append(dst, '\n')
}

func appendPlain(dst []byte, e *event.Event, name string) []byte {
	dst = appendCause(append(dst, '{'), e)
	dst = appendNumber(dst, `,"clock":`, uint64(e.Clock))
	dst = appendID(dst, `,"correlation_id":"`, &e.Correlation)
	dst = payload.AppendString(append(dst, `,"entity":`...), e.Entity)
	dst = appendHash(dst, `,"event_hash":"`, &e.EventHash)
	dst = appendID(dst, `,"event_id":"`, &e.ID)
	dst = appendNamedKind(dst, e.Kind, name)
	dst = appendNumber(dst, `,"length":`, uint64(e.Position.Length))
	dst = appendNumber(dst, `,"offset":`, e.Position.Offset)
	dst = appendHash(dst, `,"prev_hash":"`, &e.PrevHash)
	dst = payload.AppendString(append(dst, `,"scope":`...), e.Scope)
	dst = appendNumber(dst, `,"segment":`, e.Position.Segment)
	dst = appendNumber(dst, `,"seq":`, e.Sequence)
	return appendTimes(dst, e)
}

// appendTimes appends the two times of an event, which end every line.
func appendTimes(dst []byte, e *event.Event) []byte {
	dst = append(dst, `,"timestamp_us":`...)
	if e.Timed {
		dst = strconv.AppendInt(dst, e.TimestampUS, 10)
	} else {
		dst = append(dst, null...)
	}
	return append(appendNumber(dst, `,"wall_ms":`, e.WallMS), '}')
}

func appendPayloads(dst []byte, e *event.Full, name string) []byte {
	dst = appendCause(append(dst, '{'), &e.Event)
	dst = appendNumber(dst, `,"clock":`, uint64(e.Clock))
	dst = appendHash(dst, `,"content_hash":"`, &e.ContentHash)
	dst = appendID(dst, `,"correlation_id":"`, &e.Correlation)
	dst = payload.AppendString(append(dst, `,"entity":`...), e.Entity)
	dst = appendID(dst, `,"event_id":"`, &e.ID)
	dst = appendNumber(dst, `,"flags":`, uint64(e.Flags))
	dst = appendNamedKind(dst, e.Kind, name)
	dst = appendMeta(dst, e.Meta)
	dst = appendPayload(dst, e)
	dst = appendRedacted(dst, e)
	dst = payload.AppendString(append(dst, `,"scope":`...), e.Scope)
	dst = appendNumber(dst, `,"seq":`, e.Sequence)
	return appendTimes(dst, &e.Event)
}

func appendFull(dst []byte, e *event.Full, name string) []byte {
	dst = appendCause(append(dst, '{'), &e.Event)
	dst = appendNumber(dst, `,"clock":`, uint64(e.Clock))
	dst = appendHash(dst, `,"content_hash":"`, &e.ContentHash)
	dst = appendID(dst, `,"correlation_id":"`, &e.Correlation)
	dst = payload.AppendString(append(dst, `,"entity":`...), e.Entity)
	dst = appendHash(dst, `,"event_hash":"`, &e.EventHash)
	dst = appendID(dst, `,"event_id":"`, &e.ID)
	dst = appendNumber(dst, `,"flags":`, uint64(e.Flags))
	dst = appendNamedKind(dst, e.Kind, name)
	dst = appendNumber(dst, `,"length":`, uint64(e.Position.Length))
	dst = appendMeta(dst, e.Meta)
	dst = appendNumber(dst, `,"offset":`, e.Position.Offset)
	dst = appendPayload(dst, e)
	dst = appendHash(dst, `,"prev_hash":"`, &e.PrevHash)
	dst = appendRedacted(dst, e)
	dst = payload.AppendString(append(dst, `,"scope":`...), e.Scope)
	dst = appendNumber(dst, `,"segment":`, e.Position.Segment)
	dst = appendNumber(dst, `,"seq":`, e.Sequence)
	return appendTimes(dst, &e.Event)
}

// appendPayload appends the payload and its size. A redacted event has no payload.
func appendPayload(dst []byte, e *event.Full) []byte {
	if !e.Redacted() {
		dst = appendValue(append(dst, `,"payload":`...), e.Payload)
	}
	return appendNumber(dst, `,"payload_size":`, uint64(e.PayloadSize))
}

func appendRedacted(dst []byte, e *event.Full) []byte {
	if !e.Redacted() {
		return dst
	}
	return append(dst, `,"redacted":true`...)
}

func appendCause(dst []byte, e *event.Event) []byte {
	if e.Causation.IsZero() {
		return append(dst, `"causation_id":null`...)
	}
	return appendID(dst, `"causation_id":"`, &e.Causation)
}

// appendMeta appends the metadata, or nothing for an event without any.
func appendMeta(dst []byte, m event.Meta) []byte {
	if m.Len() == 0 {
		return dst
	}
	return event.AppendMetaJSON(append(dst, `,"meta":`...), m)
}

// appendNumber appends before, then a number.
func appendNumber(dst []byte, before string, n uint64) []byte {
	return strconv.AppendUint(append(dst, before...), n, 10)
}

// appendID appends before, which includes the opening quote, then an id and the
// closing quote.
func appendID(dst []byte, before string, id *event.ID) []byte {
	return append(appendHex(append(dst, before...), id[:]), '"')
}

func appendHash(dst []byte, before string, h *event.Hash) []byte {
	return append(appendHex(append(dst, before...), h[:]), '"')
}

func appendKind(dst []byte, k event.Kind) []byte {
	const upper = "0123456789ABCDEF"
	return append(dst, '"', '0', 'x', upper[k>>12], upper[k>>8&15], upper[k>>4&15], upper[k&15], '"')
}

// appendNamedKind appends the key kind and, unless the name is empty, kind_name.
func appendNamedKind(dst []byte, k event.Kind, name string) []byte {
	dst = appendKind(append(dst, `,"kind":`...), k)
	if name == "" {
		return dst
	}
	return payload.AppendString(append(dst, `,"kind_name":`...), name)
}

// appendValue appends a payload in the JSON of package payload. Bytes that are
// not a MessagePack value are appended under [payload.KeyRaw].
func appendValue(dst, raw []byte) []byte {
	out, err := payload.AppendJSON(dst, raw)
	if err == nil {
		return out
	}
	dst = append(dst, `{"`+payload.KeyRaw+`":"`...)
	return append(base64.StdEncoding.AppendEncode(dst, raw), '"', '}')
}

// appendHex is hex.AppendEncode without package fmt, which encoding/hex links.
func appendHex(dst, b []byte) []byte {
	const digits = "0123456789abcdef"
	for _, c := range b {
		dst = append(dst, digits[c>>4], digits[c&15])
	}
	return dst
}
