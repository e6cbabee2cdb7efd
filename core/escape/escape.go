// Package escape makes text safe to show to a person. Names, hosts and causes
// come from files that an attacker may have written. On a terminal, ESC can
// clear the screen, a newline can forge a line, and a bidirectional override
// can reverse a name.
package escape

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Text returns s with each rune that is not printable replaced by its escape in
// a Go string: control characters (ESC, newline and tab too), U+0080 to U+009F,
// bidirectional marks, spaces other than U+0020, everything else that
// strconv.IsPrint refuses, and bytes that are not UTF-8. Printable text, quotes
// and backslashes stay as they are, so escaping twice changes nothing. The
// result is for people: it cannot always be unescaped.
func Text(s string) string {
	for i, r := range s {
		if !printable(s[i:], r) {
			return string(appendText(append(make([]byte, 0, len(s)+16), s[:i]...), s[i:]))
		}
	}
	return s
}

// Error returns err with its text escaped by [Text], or nil for nil. errors.Is
// and errors.As still find err.
func Error(err error) error {
	if err == nil {
		return nil
	}
	return &escaped{err: err}
}

type escaped struct{ err error }

func (e *escaped) Error() string { return Text(e.err.Error()) }
func (e *escaped) Unwrap() error { return e.err }

// At returns an error with the text of what and of the error, its cause, escaped:
//
//	thaw: open /orders: segment 3 is damaged
//
// where what is "open /orders". The cause's text is used without a "thaw: " of its own.
func At(what string, err error) error { return &at{what: what, err: err} }

type at struct {
	what string
	err  error
}

func (e *at) Error() string { return Text(prefix + e.what + ": " + Cause(e.err)) }
func (e *at) Unwrap() error { return e.err }

const prefix = "thaw: "

// Cause returns an error's text without a "thaw: " at its beginning, to follow another
// text of thaw.
func Cause(err error) string { return strings.TrimPrefix(err.Error(), prefix) }

// printable reports whether r, the first rune of s, is printable.
func printable(s string, r rune) bool {
	return strconv.IsPrint(r) && (r != utf8.RuneError || len(s) >= 3 && s[:3] == string(utf8.RuneError))
}

func appendText(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case printable(s, r):
			dst = append(dst, s[:n]...)
		case r == utf8.RuneError:
			dst = append(dst, '\\', 'x', digits[s[0]>>4], digits[s[0]&15])
		default:
			var quoted [16]byte
			q := strconv.AppendQuoteRune(quoted[:0], r)
			dst = append(dst, q[1:len(q)-1]...)
		}
		s = s[n:]
	}
	return dst
}
