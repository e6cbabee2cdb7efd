package payload

import (
	"errors"
	"strconv"
)

// The classes of failure. Every error of this package that concerns the bytes of its input is an [*Error] that
// unwraps to one of these.
var (
	// ErrTruncated: the input ends inside a value, or a length or count claims more than is left.
	ErrTruncated = errors.New("truncated")
	// ErrTrailing: a complete value is followed by more bytes.
	ErrTrailing = errors.New("trailing bytes")
	// ErrMalformed: the input is not MessagePack (the byte 0xc1) or not JSON, or misuses one of the $ spellings.
	ErrMalformed = errors.New("malformed")
	// ErrTooDeep: arrays and maps are nested more than MaxDepth deep.
	ErrTooDeep = errors.New("nested too deep")
	// ErrTooLarge: the MessagePack form is longer than MaxSize.
	ErrTooLarge = errors.New("too large")
	// ErrRange: a JSON number fits neither int64 nor uint64, or is too large for its float.
	ErrRange = errors.New("number out of range")
	// ErrInexact: the float nearest to a JSON number is another number than the text.
	ErrInexact = errors.New("number would be rounded")
	// ErrDuplicateKey: a JSON object has the same key twice. In a $map that is
	// allowed.
	ErrDuplicateKey = errors.New("duplicate key")
)

// Error reports where in the input a failure is, and why.
type Error struct {
	Offset int    // byte offset in the input, MessagePack or JSON, of the value or character at fault
	Err    error  // one of the classes above
	Detail string // what was expected or found, may be empty
}

func (e *Error) Error() string {
	s := "payload: " + e.Err.Error() + " at byte " + strconv.Itoa(e.Offset)
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Unwrap returns the class.
func (e *Error) Unwrap() error { return e.Err }

func fail(class error, offset int, detail string) error {
	return &Error{Offset: offset, Err: class, Detail: detail}
}

// clip shortens text from the input so that a message stays a line.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
