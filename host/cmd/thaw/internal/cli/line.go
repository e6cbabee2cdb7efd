package cli

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host/payload"
)

// shape is which keys of an event a line has. Keys are always in the order of
// their bytes.
type shape int

const (
	// plain has what an index knows: the keys of expected.jsonl.
	plain shape = iota
	// payloads has what only a frame knows: the keys of payloads.jsonl.
	payloads
	// full has the keys of both.
	full
	// exported has what import takes.
	exported
)

// keyRaw is the one key of the object that stands for payload bytes which are
// not exactly one MessagePack value. [payload.ParseJSON] refuses it.
const keyRaw = "$raw"

// appendLine appends an event as one JSON object and a newline.
func appendLine(dst []byte, s shape, e *event.Full) []byte {
	switch s {
	case plain:
		dst = appendPlain(dst, &e.Event)
	case payloads:
		dst = appendPayloads(dst, e)
	case exported:
		dst = appendExported(dst, e)
	default:
		dst = appendFull(dst, e)
	}
	return append(dst, '\n')
}

func appendPlain(dst []byte, e *event.Event) []byte {
	dst = appendCause(append(dst, '{'), e)
	dst = appendNumber(dst, `,"clock":`, uint64(e.Clock))
	dst = appendID(dst, `,"correlation_id":"`, &e.Correlation)
	dst = payload.AppendString(append(dst, `,"entity":`...), e.Entity)
	dst = appendHash(dst, `,"event_hash":"`, &e.EventHash)
	dst = appendID(dst, `,"event_id":"`, &e.ID)
	dst = appendKind(dst, e.Kind)
	dst = appendNumber(dst, `,"length":`, uint64(e.Position.Length))
	dst = appendNumber(dst, `,"offset":`, e.Position.Offset)
	dst = appendHash(dst, `,"prev_hash":"`, &e.PrevHash)
	dst = payload.AppendString(append(dst, `,"scope":`...), e.Scope)
	dst = appendNumber(dst, `,"segment":`, e.Position.Segment)
	dst = appendNumber(dst, `,"seq":`, e.Sequence)
	dst = appendNumber(dst, `,"wall_ms":`, e.WallMS)
	return append(dst, '}')
}

func appendPayloads(dst []byte, e *event.Full) []byte {
	dst = appendHash(dst, `{"content_hash":"`, &e.ContentHash)
	dst = appendID(dst, `,"event_id":"`, &e.ID)
	dst = appendNumber(dst, `,"flags":`, uint64(e.Flags))
	dst = appendValue(append(dst, `,"payload":`...), e.Payload)
	dst = appendNumber(dst, `,"payload_size":`, uint64(e.PayloadSize))
	dst = strconv.AppendInt(append(dst, `,"timestamp_us":`...), e.TimestampUS, 10)
	return append(dst, '}')
}

func appendFull(dst []byte, e *event.Full) []byte {
	dst = appendCause(append(dst, '{'), &e.Event)
	dst = appendNumber(dst, `,"clock":`, uint64(e.Clock))
	dst = appendHash(dst, `,"content_hash":"`, &e.ContentHash)
	dst = appendID(dst, `,"correlation_id":"`, &e.Correlation)
	dst = payload.AppendString(append(dst, `,"entity":`...), e.Entity)
	dst = appendHash(dst, `,"event_hash":"`, &e.EventHash)
	dst = appendID(dst, `,"event_id":"`, &e.ID)
	dst = appendNumber(dst, `,"flags":`, uint64(e.Flags))
	dst = appendKind(dst, e.Kind)
	dst = appendNumber(dst, `,"length":`, uint64(e.Position.Length))
	dst = appendNumber(dst, `,"offset":`, e.Position.Offset)
	dst = appendValue(append(dst, `,"payload":`...), e.Payload)
	dst = appendNumber(dst, `,"payload_size":`, uint64(e.PayloadSize))
	dst = appendHash(dst, `,"prev_hash":"`, &e.PrevHash)
	dst = payload.AppendString(append(dst, `,"scope":`...), e.Scope)
	dst = appendNumber(dst, `,"segment":`, e.Position.Segment)
	dst = appendNumber(dst, `,"seq":`, e.Sequence)
	dst = strconv.AppendInt(append(dst, `,"timestamp_us":`...), e.TimestampUS, 10)
	dst = appendNumber(dst, `,"wall_ms":`, e.WallMS)
	return append(dst, '}')
}

func appendCause(dst []byte, e *event.Event) []byte {
	if e.Causation.IsZero() {
		return append(dst, `"causation_id":null`...)
	}
	return appendID(dst, `"causation_id":"`, &e.Causation)
}

// appendNumber, appendID and appendHash append what stands before a value, with
// its opening quote if it has one, and the value.

func appendNumber(dst []byte, before string, n uint64) []byte {
	return strconv.AppendUint(append(dst, before...), n, 10)
}

func appendID(dst []byte, before string, id *event.ID) []byte {
	return append(hex.AppendEncode(append(dst, before...), id[:]), '"')
}

func appendHash(dst []byte, before string, h *event.Hash) []byte {
	return append(hex.AppendEncode(append(dst, before...), h[:]), '"')
}

func appendKind(dst []byte, k event.Kind) []byte {
	const upper = "0123456789ABCDEF"
	return append(dst, ',', '"', 'k', 'i', 'n', 'd', '"', ':', '"', '0', 'x',
		upper[k>>12], upper[k>>8&15], upper[k>>4&15], upper[k&15], '"')
}

// appendValue appends a payload as package payload spells it. Bytes that are no
// MessagePack value are what was appended all the same, and are shown as such.
func appendValue(dst, raw []byte) []byte {
	out, err := payload.AppendJSON(dst, raw)
	if err == nil {
		return out
	}
	dst = append(dst, `{"`+keyRaw+`":"`...)
	return append(base64.StdEncoding.AppendEncode(dst, raw), '"', '}')
}
