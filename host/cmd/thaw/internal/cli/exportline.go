package cli

import (
	"bytes"
	"encoding/base64"
	"strconv"

	"github.com/thawlog/thaw/core/event"
	jsonl "github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/core/payload"
)

// The keys of an export line. Import takes these and no others.
const (
	keyCausation   = "causation_id"
	keyCorrelation = "correlation_id"
	keyEntity      = "entity"
	keyEventID     = "event_id"
	keyFlags       = "flags"
	keyKind        = "kind"
	keyPayload     = "payload"
	keyPayloadRaw  = "payload_raw"
	keyScope       = "scope"
	keyTimestamp   = "timestamp_us"
)

// appendExported appends what import needs to make the event again.
func appendExported(dst []byte, e *event.Full) []byte {
	dst = append(dst, '{')
	if !e.Causation.IsZero() {
		dst = append(jsonl.AppendID(dst, `"`+keyCausation+`":"`, &e.Causation), ',')
	}
	dst = jsonl.AppendID(dst, `"`+keyCorrelation+`":"`, &e.Correlation)
	dst = payload.AppendString(append(dst, `,"`+keyEntity+`":`...), e.Entity)
	dst = jsonl.AppendID(dst, `,"`+keyEventID+`":"`, &e.ID)
	if e.Flags != 0 {
		dst = jsonl.AppendNumber(dst, `,"`+keyFlags+`":`, uint64(e.Flags))
	}
	dst = jsonl.AppendKind(dst, e.Kind)
	dst = appendExact(append(dst, ','), e.Payload)
	dst = payload.AppendString(append(dst, `,"`+keyScope+`":`...), e.Scope)
	dst = strconv.AppendInt(append(dst, `,"`+keyTimestamp+`":`...), e.TimestampUS, 10)
	return append(dst, '}')
}

// appendExact appends a payload under the key that gives back its very bytes.
// JSON says what a value is and not how it was encoded, so only reading it back
// tells whether it will do.
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
