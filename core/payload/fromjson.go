package payload

import (
	"math"
	"slices"
	"strconv"

	"github.com/thawlog/thaw/core/msgpack"
)

// ParseJSON reads one JSON value and appends it to dst as MessagePack in its smallest form. It is the inverse of
// AppendJSON: for canonical bytes b, ParseJSON(AppendJSON(b)) is b.
//
// White space is allowed where JSON allows it. A number without a point and an exponent is an integer and must fit
// int64 or uint64 (ErrRange otherwise). Any other number becomes the nearest float 64, which must keep it: printed
// with the fewest digits that read back as that float, or with as many significant digits as the text has, it must
// equal the number in the text, except for trailing zeros. So 0.1, 1.50 and 0.10000000000000001 are valid;
// 0.1234567890123456789, 9007199254740993.0 and 1e-400 are ErrInexact. $f32 has the same rule with a float 32. A
// string keeps the digits of any number. -0 is the integer 0.
//
// A key that occurs twice in an object is ErrDuplicateKey, because readers disagree on what it means. A \u escape that
// is half a surrogate pair, raw bytes that are not UTF-8, and a spelling with unsuitable content are ErrMalformed.
// Depth counts arrays and maps of the result: a $map is one level. The time taken is at worst the length of text
// times the nesting of spellings.
//
// An error is an [*Error] with the offset in text; ParseJSON then returns dst unchanged.
func ParseJSON(dst, text []byte) ([]byte, error) {
	p := parser{in: text, out: dst}
	if err := p.document(len(dst)); err != nil {
		return dst, err
	}
	return p.out, nil
}

type parser struct {
	in   []byte
	at   int
	out  []byte
	keys []int // offsets in out of the keys of the objects that are open, innermost last
	buf  []byte
}

func (p *parser) document(from int) error {
	if err := p.value(0); err != nil {
		return err
	}
	p.space()
	if p.at < len(p.in) {
		return fail(ErrTrailing, p.at, "")
	}
	if len(p.out)-from > MaxSize {
		return fail(ErrTooLarge, 0, "")
	}
	return nil
}

// value parses one value that is inside depth arrays and maps of the result.
func (p *parser) value(depth int) error {
	p.space()
	c, err := p.peek()
	if err != nil {
		return err
	}
	switch {
	case c == '"':
		s, err := p.str()
		if err != nil {
			return err
		}
		p.out = msgpack.AppendStr(p.out, s)
		return nil
	case c == '[':
		return p.array(depth)
	case c == '{':
		return p.object(depth)
	case c == '-' || isDigit(c):
		return p.number()
	}
	for _, w := range [...]struct {
		word string
		code byte
	}{{"null", 0xc0}, {"false", 0xc2}, {"true", 0xc3}} {
		if c == w.word[0] {
			p.out = append(p.out, w.code)
			return p.word(w.word)
		}
	}
	return fail(ErrMalformed, p.at, "not the beginning of a value")
}

func (p *parser) word(w string) error {
	for i := range len(w) {
		c, err := p.peek()
		if err != nil {
			return err
		}
		if c != w[i] {
			return fail(ErrMalformed, p.at, "expected "+w)
		}
		p.at++
	}
	return nil
}

func (p *parser) array(depth int) error {
	if depth == MaxDepth {
		return fail(ErrTooDeep, p.at, "")
	}
	p.at++
	start, n := len(p.out), 0
	p.out = append(p.out, 0) // one byte for the head; finish makes it longer if need be
	for more, err := p.first(']'); ; more, err = p.next(']') {
		if err != nil {
			return err
		}
		if !more {
			p.finish(start, msgpack.AppendArray, n)
			return nil
		}
		if err := p.value(depth + 1); err != nil {
			return err
		}
		n++
	}
}

func (p *parser) object(depth int) error {
	if key, ok := p.spelling(); ok {
		return p.spelled(key, depth)
	}
	if depth == MaxDepth {
		return fail(ErrTooDeep, p.at, "")
	}
	opened := p.at
	p.at++
	start, n, from := len(p.out), 0, len(p.keys)
	p.out = append(p.out, 0)
	for more, err := p.first('}'); ; more, err = p.next('}') {
		if err != nil {
			return err
		}
		if !more {
			if at := duplicate(p.out, p.keys[from:]); at >= 0 {
				key, _ := strAt(p.out, at)
				return fail(ErrDuplicateKey, opened, "the object that begins here has "+strconv.Quote(clip(string(key)))+" twice")
			}
			p.keys = p.keys[:from]
			p.finish(start, msgpack.AppendMap, n)
			return nil
		}
		p.keys = append(p.keys, len(p.out))
		if err := p.pair(depth); err != nil {
			return err
		}
		n++
	}
}

// pair parses "key": value.
func (p *parser) pair(depth int) error {
	p.space()
	key, err := p.str()
	if err != nil {
		return err
	}
	p.out = msgpack.AppendStr(p.out, key)
	if err := p.expect(':'); err != nil {
		return err
	}
	return p.value(depth + 1)
}

// finish replaces the byte at start, where a container of n elements begins, by its real head.
func (p *parser) finish(start int, appendHead func([]byte, int) []byte, n int) {
	var room [5]byte
	h := appendHead(room[:0], n)
	p.out = slices.Replace(p.out, start, start+1, h...)
}

// number parses an integer or, with a point or an exponent, a float 64.
func (p *parser) number() error {
	start := p.at
	text, integer, err := p.numberText()
	if err != nil {
		return err
	}
	switch {
	case !integer:
		f, err := parseFloat(text, 64, start)
		if err != nil {
			return err
		}
		p.out = msgpack.AppendFloat64(p.out, math.Float64bits(f))
	case text[0] == '-':
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fail(ErrRange, start, "below the smallest int64, -9223372036854775808; a string keeps its digits")
		}
		p.out = msgpack.AppendInt(p.out, n)
	default:
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return fail(ErrRange, start, "above the largest uint64, 18446744073709551615; a string keeps its digits")
		}
		p.out = msgpack.AppendUint(p.out, n)
	}
	return nil
}
