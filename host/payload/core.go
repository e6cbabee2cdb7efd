package payload

import "github.com/thawlog/thaw/core/payload"

const (
	// MaxSize is the maximum size of a payload, in bytes of MessagePack: the format's bound on a whole frame.
	MaxSize = payload.MaxSize
	// MaxDepth is the maximum nesting of arrays and maps. A lone scalar has depth 0, [] has depth 1.
	MaxDepth = payload.MaxDepth
)

// Check reports whether b is exactly one MessagePack value within MaxSize and MaxDepth. The core's package payload
// documents its errors.
func Check(b []byte) error { return payload.Check(b) }

// AppendJSON checks b and appends its value to dst as one line of JSON without the newline. On error, the same as
// Check's, it returns dst unchanged.
func AppendJSON(dst, b []byte) ([]byte, error) { return payload.AppendJSON(dst, b) }

// ParseJSON parses one JSON value and appends it to dst as MessagePack in its smallest form. It is the inverse of
// AppendJSON. An error is an [*Error] with the offset in text; dst is then returned unchanged.
func ParseJSON(dst, text []byte) ([]byte, error) { return payload.ParseJSON(dst, text) }
