package payload

import "github.com/thawlog/thaw/core/payload"

const (
	// MaxSize is the longest payload, in bytes of MessagePack: the format's bound on a whole frame.
	MaxSize = payload.MaxSize
	// MaxDepth is how many arrays and maps may be open at once. A lone scalar has depth 0, [] has depth 1.
	MaxDepth = payload.MaxDepth
)

// Check reports whether b is exactly one MessagePack value within MaxSize and MaxDepth, as the core's package
// payload says.
func Check(b []byte) error { return payload.Check(b) }

// AppendJSON checks b and appends its value to dst as one line of JSON without the newline. On error, which is that
// of Check, dst is returned as it came.
func AppendJSON(dst, b []byte) ([]byte, error) { return payload.AppendJSON(dst, b) }

// ParseJSON reads one JSON value and appends it to dst as MessagePack in its smallest form. It is the inverse of
// AppendJSON. An error is an [*Error] with the offset in text; dst is then returned as it came.
func ParseJSON(dst, text []byte) ([]byte, error) { return payload.ParseJSON(dst, text) }
