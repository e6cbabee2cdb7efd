package payload

import (
	"unicode/utf16"
	"unicode/utf8"
)

// space skips white space.
func (p *parser) space() {
	for p.at < len(p.in) && isSpace(p.in[p.at]) {
		p.at++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (p *parser) peek() (byte, error) {
	if p.at >= len(p.in) {
		return 0, fail(ErrTruncated, len(p.in), "the text ends here")
	}
	return p.in[p.at], nil
}

// expect skips white space and the character c.
func (p *parser) expect(c byte) error {
	p.space()
	got, err := p.peek()
	if err != nil {
		return err
	}
	if got != c {
		return fail(ErrMalformed, p.at, "expected "+string(rune(c)))
	}
	p.at++
	return nil
}

// first reports, after an opening bracket, whether an element follows;
// otherwise it skips the closing bracket.
func (p *parser) first(closing byte) (more bool, err error) {
	p.space()
	c, err := p.peek()
	if err != nil {
		return false, err
	}
	if c == closing {
		p.at++
		return false, nil
	}
	return true, nil
}

// next reports, after an element, whether a comma and another element follow;
// otherwise it skips the closing bracket.
func (p *parser) next(closing byte) (more bool, err error) {
	p.space()
	c, err := p.peek()
	if err != nil {
		return false, err
	}
	if c != ',' && c != closing {
		return false, fail(ErrMalformed, p.at, "expected , or "+string(rune(closing)))
	}
	p.at++
	return c == ',', nil
}

// numberText skips a number and reports whether it has neither point nor
// exponent.
func (p *parser) numberText() (text string, integer bool, err error) {
	start := p.at
	integer = true
	if p.in[p.at] == '-' {
		p.at++
	}
	zero := p.at
	if err := p.digits(); err != nil {
		return "", false, err
	}
	if p.in[zero] == '0' && p.at > zero+1 {
		return "", false, fail(ErrMalformed, zero, "a number cannot begin with 0")
	}
	if p.at < len(p.in) && p.in[p.at] == '.' {
		integer = false
		p.at++
		if err := p.digits(); err != nil {
			return "", false, err
		}
	}
	if p.at < len(p.in) && (p.in[p.at] == 'e' || p.in[p.at] == 'E') {
		integer = false
		p.at++
		if p.at < len(p.in) && (p.in[p.at] == '+' || p.in[p.at] == '-') {
			p.at++
		}
		if err := p.digits(); err != nil {
			return "", false, err
		}
	}
	return string(p.in[start:p.at]), integer, nil
}

// digits skips one digit or more.
func (p *parser) digits() error {
	c, err := p.peek()
	if err != nil {
		return err
	}
	if !isDigit(c) {
		return fail(ErrMalformed, p.at, "expected a digit")
	}
	for p.at < len(p.in) && isDigit(p.in[p.at]) {
		p.at++
	}
	return nil
}

// str skips a JSON string and returns its text, valid until the next call.
func (p *parser) str() ([]byte, error) {
	if err := p.expect('"'); err != nil {
		return nil, err
	}
	start, escapes := p.at, false
	for {
		c, err := p.peek()
		if err != nil {
			return nil, err
		}
		if c == '"' {
			break
		}
		if c < 0x20 {
			return nil, fail(ErrMalformed, p.at, "a control character in a string must be escaped")
		}
		if c == '\\' {
			escapes = true
			p.at++
			if _, err := p.peek(); err != nil {
				return nil, err
			}
		}
		p.at++
	}
	raw := p.in[start:p.at]
	p.at++
	if !utf8.Valid(raw) {
		return nil, fail(ErrMalformed, start+validPrefix(raw), "not UTF-8")
	}
	if !escapes {
		return raw, nil
	}
	return p.unescape(start, raw)
}

// validPrefix returns how many bytes of b are UTF-8.
func validPrefix(b []byte) int {
	n := 0
	for n < len(b) {
		r, size := utf8.DecodeRune(b[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return n
}

// unescape resolves the escapes of raw, which begins at offset start and has no backslash at its end.
func (p *parser) unescape(start int, raw []byte) ([]byte, error) {
	p.buf = p.buf[:0]
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			p.buf = append(p.buf, raw[i])
			continue
		}
		i++
		switch c := raw[i]; c {
		case '"', '\\', '/':
			p.buf = append(p.buf, c)
		case 'b':
			p.buf = append(p.buf, '\b')
		case 'f':
			p.buf = append(p.buf, '\f')
		case 'n':
			p.buf = append(p.buf, '\n')
		case 'r':
			p.buf = append(p.buf, '\r')
		case 't':
			p.buf = append(p.buf, '\t')
		case 'u':
			r, size := unicodeEscape(raw[i-1:])
			if size == 0 {
				return nil, fail(ErrMalformed, start+i-1, badEscape(raw[i-1:]))
			}
			p.buf = utf8.AppendRune(p.buf, r)
			i += size - 2
		default:
			return nil, fail(ErrMalformed, start+i-1, "unknown escape")
		}
	}
	return p.buf, nil
}

// badEscape describes what is wrong with an escape that unicodeEscape refuses.
func badEscape(b []byte) string {
	if _, ok := hex4(b); ok {
		return string(b[:6]) + " is half of a surrogate pair, which is no character"
	}
	return "expected four hexadecimal digits after \\u"
}

// unicodeEscape reads \uXXXX, or two of them that form a surrogate pair, and
// returns the rune and the bytes used, 0 for anything else.
func unicodeEscape(b []byte) (r rune, size int) {
	r, ok := hex4(b)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	low, ok := hex4(b[6:])
	if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
		return 0, 0
	}
	return r, 12
}

// hex4 reads \uXXXX at the beginning of b.
func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	for _, c := range b[2:6] {
		r <<= 4
		switch {
		case isDigit(c):
			r |= rune(c - '0')
		case 'a' <= c && c <= 'f':
			r |= rune(c-'a') + 10
		case 'A' <= c && c <= 'F':
			r |= rune(c-'A') + 10
		default:
			return 0, false
		}
	}
	return r, true
}
