package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strconv"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/payload"
)

// The keys of an export line. Import accepts only these.
const (
	keyCausation   = "causation_id"
	keyCorrelation = "correlation_id"
	keyEntity      = "entity"
	keyEventID     = "event_id"
	keyFlags       = "flags"
	keyKind        = "kind"
	keyMeta        = "meta"
	keyPayload     = "payload"
	keyPayloadRaw  = "payload_raw"
	keyRedacted    = "redacted"
	keyScope       = "scope"
	keyTimestamp   = "timestamp_us"
)

// appendExported appends the line from which import recreates the event.
func appendExported(dst []byte, e *event.Full) []byte {
	dst = append(dst, '{')
	if !e.Causation.IsZero() {
		dst = append(appendID(dst, `"`+keyCausation+`":"`, &e.Causation), ',')
	}
	dst = appendID(dst, `"`+keyCorrelation+`":"`, &e.Correlation)
	dst = payload.AppendString(append(dst, `,"`+keyEntity+`":`...), e.Entity)
	dst = appendID(dst, `,"`+keyEventID+`":"`, &e.ID)
	flags := e.Flags
	if e.Redacted() {
		flags &^= event.FlagRedacted
	}
	if flags != 0 {
		dst = strconv.AppendUint(append(dst, `,"`+keyFlags+`":`...), uint64(flags), 10)
	}
	dst = append(append(append(dst, `,"`+keyKind+`":"`...), e.Kind.String()...), '"', ',')
	if e.Meta.Len() > 0 {
		dst = append(event.AppendMetaJSON(append(dst, `"`+keyMeta+`":`...), e.Meta), ',')
	}
	if e.Redacted() {
		dst = append(dst, `"`+keyRedacted+`":true`...)
	} else {
		dst = appendExact(dst, e.Payload)
	}
	dst = payload.AppendString(append(dst, `,"`+keyScope+`":`...), e.Scope)
	dst = strconv.AppendInt(append(dst, `,"`+keyTimestamp+`":`...), e.TimestampUS, 10)
	return append(dst, '}')
}

// appendID appends before, which ends with the opening quote, the id, and the closing quote.
func appendID(dst []byte, before string, id *event.ID) []byte {
	return append(hex.AppendEncode(append(dst, before...), id[:]), '"')
}

// appendExact appends a payload under a key that preserves its exact bytes. JSON has the
// value but not its encoding, so appendExact parses the JSON again to see whether the
// bytes are the same.
func appendExact(dst, raw []byte) []byte {
	before := len(dst)
	dst = append(dst, `"`+keyPayload+`":`...)
	text := len(dst)
	if out, err := payload.AppendJSON(dst, raw); err == nil {
		if back, err := payload.ParseJSON(make([]byte, 0, len(raw)), out[text:]); err == nil && bytes.Equal(back, raw) {
			return out
		}
		dst = out
	}
	dst = append(dst[:before], `"`+keyPayloadRaw+`":"`...)
	return append(base64.StdEncoding.AppendEncode(dst, raw), '"')
}
