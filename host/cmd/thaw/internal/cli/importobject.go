package cli

import (
	"errors"
	"strconv"
)

// part is a substring of a line and its offset.
type part struct {
	text []byte
	at   int
}

func (p part) isNull() bool   { return string(p.text) == "null" }
func (p part) isString() bool { return len(p.text) > 0 && p.text[0] == '"' }

// objectScanner splits the text of one JSON object into keys and values. It finds only
// where they end; payload.ParseJSON validates them and reports the offset of an error.
type objectScanner struct {
	text  []byte
	at    int
	begun bool
}

// next returns a key and its value; more is false after the last one.
func (s *objectScanner) next() (key, value part, more bool, err error) {
	if !s.begun {
		if err := s.expect('{'); err != nil {
			return key, value, false, err
		}
		s.begun = true
		if s.peek() == '}' {
			s.at++
			return key, value, false, s.end()
		}
	} else {
		switch s.peek() {
		case '}':
			s.at++
			return key, value, false, s.end()
		case ',':
			s.at++
		default:
			return key, value, false, s.fail("expected , or }")
		}
	}
	if s.peek() != '"' {
		return key, value, false, s.fail("expected a key")
	}
	key = s.part()
	if err := s.expect(':'); err != nil {
		return key, value, false, err
	}
	s.space()
	if value = s.part(); len(value.text) == 0 {
		return key, value, false, s.fail("expected a value")
	}
	return key, value, true, nil
}

func (s *objectScanner) expect(c byte) error {
	if s.peek() != c {
		return s.fail("expected " + string(rune(c)))
	}
	s.at++
	return nil
}

// end returns an error if text follows the object.
func (s *objectScanner) end() error {
	if s.space(); s.at < len(s.text) {
		return s.fail("text follows the object")
	}
	return nil
}

// peek returns the next character that is not white space, or 0 at the end.
func (s *objectScanner) peek() byte {
	if s.space(); s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

func (s *objectScanner) space() {
	for s.at < len(s.text) && isSpace(s.text[s.at]) {
		s.at++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func (s *objectScanner) fail(what string) error {
	if s.at < len(s.text) {
		what += ", found " + strconv.QuoteToASCII(string(s.text[s.at:s.at+1]))
	} else {
		what += ", found the end of the line"
	}
	return &lineError{column: s.at + 1, err: errors.New(what)}
}

// part skips one value, or the rest of the text if the value does not end.
func (s *objectScanner) part() part {
	start, depth := s.at, 0
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '"':
			s.str()
			if depth == 0 {
				return s.since(start)
			}
			continue
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth == 0 {
				return s.since(start)
			}
			if depth--; depth == 0 {
				s.at++
				return s.since(start)
			}
		case depth == 0 && (c == ',' || isSpace(c)):
			return s.since(start)
		}
		s.at++
	}
	return s.since(start)
}

// str skips a string.
func (s *objectScanner) str() {
	for s.at++; s.at < len(s.text); s.at++ {
		switch s.text[s.at] {
		case '\\':
			s.at++
		case '"':
			s.at++
			return
		}
	}
	s.at = min(s.at, len(s.text))
}

func (s *objectScanner) since(start int) part { return part{s.text[start:s.at], start} }
