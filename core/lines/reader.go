package lines

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/thawlog/thaw/core/event"
)

// SyntaxError reports a line that this package did not write.
type SyntaxError struct {
	// Offset is the byte offset in the line.
	Offset int
	// Wanted describes what should be there.
	Wanted string
}

// Error names the offset.
func (e *SyntaxError) Error() string {
	return "lines: at byte " + strconv.Itoa(e.Offset) + ": wanted " + e.Wanted
}

// reader reads fields from a line, which may hold anything. Keys have the order
// in which they are written, without spaces; unknown keys may follow at the end
// of an object and are skipped. An item is added to its list only after its
// bytes were read, so memory is in proportion to the line. The first error
// sticks.
type reader struct {
	b   []byte
	at  int
	err *SyntaxError
}

func (r *reader) reads() bool { return true }

func (r *reader) fail(wanted string) {
	if r.err == nil {
		r.err = &SyntaxError{Offset: r.at, Wanted: wanted}
	}
}

// next returns the next byte without consuming it, 0 at the end and after an
// error.
func (r *reader) next() byte {
	if r.err != nil || r.at == len(r.b) {
		return 0
	}
	return r.b[r.at]
}

// take consumes s and returns true when s is next; otherwise it returns false.
func (r *reader) take(s string) bool {
	if r.err != nil || len(r.b)-r.at < len(s) || string(r.b[r.at:r.at+len(s)]) != s {
		return false
	}
	r.at += len(s)
	return true
}

func (r *reader) want(s string) {
	if !r.take(s) {
		r.fail(s)
	}
}

// tryKey consumes a key when it is next, and reports whether it was.
func (r *reader) tryKey(key string) bool {
	before := r.at
	if r.at > 0 && r.b[r.at-1] != '{' && !r.take(",") {
		return false
	}
	if r.take(`"`) && r.take(key) && r.take(`":`) {
		return true
	}
	r.at = before
	return false
}

func (r *reader) key(key string) {
	if key != "" && !r.tryKey(key) {
		r.fail("the key " + key)
	}
}

func (r *reader) begin(key string) {
	r.key(key)
	r.want("{")
}

func (r *reader) end() {
	for r.next() == ',' {
		r.at++
		r.skipString()
		r.want(":")
		r.skip(maxDepth)
	}
	r.want("}")
}

func (r *reader) text(key string, s *string) {
	r.key(key)
	if v := r.str(); r.err == nil {
		*s = v
	}
}

// digits returns the next digits without consuming them. They must form a
// number without leading zeros.
func (r *reader) digits() string {
	n := r.at
	for n < len(r.b) && r.b[n]-'0' <= 9 {
		n++
	}
	if r.err != nil || n == r.at || r.b[r.at] == '0' && n > r.at+1 || n-r.at > 20 {
		return ""
	}
	return string(r.b[r.at:n])
}

func (r *reader) number(key string, n *uint64) {
	r.key(key)
	d := r.digits()
	v, err := strconv.ParseUint(d, 10, 64)
	if err != nil {
		r.fail("a number from 0 to 2^64-1")
		return
	}
	r.at += len(d)
	*n = v
}

func (r *reader) integer(key string, n *int64) {
	r.key(key)
	sign, most := int64(1), uint64(math.MaxInt64)
	if r.take("-") {
		sign, most = -1, most+1
	}
	var v uint64
	if r.number("", &v); v > most {
		r.fail("a number that fits 64 bits")
	}
	if r.err == nil {
		*n = sign * int64(v)
	}
}

func (r *reader) flag(key string, v *bool) {
	r.key(key)
	switch {
	case r.take("true"):
		*v = true
	case r.take("false"):
		*v = false
	default:
		r.fail("true or false")
	}
}

func (r *reader) hex(key string, b []byte) {
	r.key(key)
	r.want(`"`)
	if len(r.b)-r.at < 2*len(b) {
		r.fail("hexadecimal digits")
	}
	if r.err != nil {
		return
	}
	for i := range b {
		high, low := digit(r.b[r.at]), digit(r.b[r.at+1])
		if high|low > 15 {
			r.fail("hexadecimal digits")
			return
		}
		b[i] = high<<4 | low
		r.at += 2
	}
	r.want(`"`)
}

// digit returns the value of a lower-case hexadecimal digit, and more than 15
// for any other byte.
func digit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 0xff
}

func (r *reader) kind(key string, k *event.Kind) {
	r.key(key)
	const spelled = len(`"0x1234"`)
	if r.err != nil || len(r.b)-r.at < spelled {
		r.fail("a kind")
		return
	}
	v, err := strconv.ParseUint(string(r.b[r.at+3:r.at+spelled-1]), 16, 16)
	if err != nil || !bytes.Equal(appendKind(nil, event.Kind(v)), r.b[r.at:r.at+spelled]) {
		r.fail("a kind")
		return
	}
	r.at += spelled
	*k = event.Kind(v)
}

func (r *reader) nullable(key string, _ bool) bool {
	r.key(key)
	return !r.take(null) && r.err == nil
}

func (r *reader) optional(key string, _ bool) bool { return r.err == nil && r.tryKey(key) }

func (r *reader) list(key string, _ int, item func(i int)) {
	r.key(key)
	r.want("[")
	for i := 0; r.err == nil && !r.take("]"); i++ {
		if i > 0 {
			r.want(",")
		}
		if r.err == nil {
			item(i)
		}
	}
}

// str reads a string: any that appendText can write, and the other escapes of
// JSON except surrogate pairs.
func (r *reader) str() string {
	b := r.raw()
	if r.err != nil {
		return ""
	}
	if !utf8.Valid(b) {
		r.fail("UTF-8")
		return ""
	}
	if bytes.IndexByte(b, '\\') < 0 {
		return string(b)
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			out = append(out, b[i])
			continue
		}
		i++ // raw checked that one more byte follows
		switch c := b[i]; c {
		case '"', '\\', '/':
			out = append(out, c)
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		default:
			if c != 'u' || len(b)-i < 5 {
				r.fail("an escape")
				return ""
			}
			v, err := strconv.ParseUint(string(b[i+1:i+5]), 16, 16)
			if err != nil || v >= 0xd800 && v < 0xe000 {
				r.fail("an escape")
				return ""
			}
			out = utf8.AppendRune(out, rune(v))
			i += 4
		}
	}
	return string(out)
}

// raw consumes a string and returns the bytes between its quotes.
func (r *reader) raw() []byte {
	r.want(`"`)
	from := r.at
	for r.err == nil && r.at < len(r.b) {
		switch c := r.b[r.at]; {
		case c == '"':
			r.at++
			return r.b[from : r.at-1]
		case c == '\\':
			r.at++
		case c < 0x20:
			r.fail("a string")
		}
		r.at++
	}
	r.at = min(r.at, len(r.b))
	r.fail("the end of a string")
	return nil
}

func (r *reader) skipString() { r.raw() }

// skip consumes a value of any type, nested at most depth deep.
func (r *reader) skip(depth int) {
	switch c := r.next(); {
	case r.err != nil:
	case depth == 0:
		r.fail("objects nested less deeply")
	case c == '"':
		r.skipString()
	case c == '{' || c == '[':
		r.at++
		for first := true; r.err == nil && r.next() != c+2; first = false { // } and ]
			if !first {
				r.want(",")
			}
			if c == '{' {
				r.skipString()
				r.want(":")
			}
			r.skip(depth - 1)
		}
		r.at = min(r.at+1, len(r.b))
	case r.take("true") || r.take("false") || r.take(null):
	default:
		from := r.at
		for strings.IndexByte("+-.eE0123456789", r.next()) >= 0 {
			r.at++
		}
		if r.at == from {
			r.fail("a value")
		}
	}
}

// readLine calls walk to read a whole line.
func readLine(b []byte, walk func(fields)) error {
	r := &reader{b: b}
	walk(r)
	r.want("\n")
	if r.at < len(r.b) {
		r.fail("the end of the line")
	}
	if r.err != nil {
		return r.err
	}
	return nil
}
