package payload

import (
	"encoding/base64"
	"errors"
	"math"
	"strconv"

	"github.com/thawlog/thaw/core/msgpack"
)

// spelling reports whether the object at p.at has exactly one key that is the
// key of a spelling, and returns that key. It looks ahead without moving p.at
// and validates nothing; that happens when the object is parsed.
func (p *parser) spelling() (key string, ok bool) {
	ahead := parser{in: p.in, at: p.at + 1}
	ahead.space()
	k, err := ahead.str()
	if err != nil || !isSpelling(k) {
		return "", false
	}
	key = string(k)
	if ahead.expect(':') != nil {
		return "", false
	}
	ahead.space()
	ahead.skip()
	ahead.space()
	return key, ahead.at < len(ahead.in) && ahead.in[ahead.at] == '}'
}

// skip skips one value without recursion. It looks only at strings and
// brackets.
func (p *parser) skip() {
	depth := 0
	for p.at < len(p.in) {
		switch p.in[p.at] {
		case '"':
			p.skipString()
			if depth == 0 {
				return
			}
			continue
		case '[', '{':
			depth++
		case ']', '}':
			if depth == 0 {
				return // the end of the enclosing array or object
			}
			depth--
			if depth == 0 {
				p.at++
				return
			}
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return
			}
		}
		p.at++
	}
}

func (p *parser) skipString() {
	for p.at++; p.at < len(p.in); p.at++ {
		switch p.in[p.at] {
		case '\\':
			p.at++
		case '"':
			p.at++
			return
		}
	}
}

// spelled parses the object at p.at, known to be a spelling with this key.
func (p *parser) spelled(key string, depth int) error {
	opened := p.at
	p.at++
	p.space()
	if _, err := p.str(); err != nil {
		return err
	}
	if err := p.expect(':'); err != nil {
		return err
	}
	p.space()
	content := p.at
	var err error
	switch key {
	case keyBin, keyStr:
		err = p.spelledBytes(key)
	case keyExt:
		err = p.spelledExt()
	case keyF32:
		err = p.spelledFloat32()
	case keyFloat:
		err = p.spelledFloat64()
	case keyMap:
		err = p.spelledMap(depth)
	default:
		return fail(ErrMalformed, opened, `{"$raw":…} stands for bytes that are not MessagePack; `+asMap(key))
	}
	if err == nil {
		return p.expect('}')
	}
	var e *Error
	if errors.As(err, &e) && e.Offset == content && e.Err == ErrMalformed {
		e.Detail += "; " + asMap(key) // the content does not have the type that the spelling needs
	}
	return err
}

// asMap describes how to write a map with this key that is not a spelling.
func asMap(key string) string { return `a map with this key is {"$map":[["` + key + `",…]]}` }

func (p *parser) spelledBytes(key string) error {
	body, err := p.base64()
	if err != nil {
		return err
	}
	if key == keyBin {
		p.out = msgpack.AppendBin(p.out, body)
	} else {
		p.out = msgpack.AppendStr(p.out, body)
	}
	return nil
}

// base64 parses a string of standard base64 in its one accepted form.
func (p *parser) base64() ([]byte, error) {
	p.space()
	at := p.at
	text, err := p.str()
	if err != nil {
		return nil, err
	}
	body, err := base64.StdEncoding.Strict().AppendDecode(nil, text)
	// The decoder skips line breaks; the one accepted form has none.
	if err != nil || base64.StdEncoding.EncodedLen(len(body)) != len(text) {
		return nil, fail(ErrMalformed, at, "not standard base64 with padding")
	}
	return body, nil
}

func (p *parser) spelledExt() error {
	if err := p.expect('['); err != nil {
		return err
	}
	p.space()
	at := p.at
	c, err := p.peek()
	if err != nil {
		return err
	}
	if c != '-' && !isDigit(c) {
		return fail(ErrMalformed, at, "an ext type is an integer")
	}
	text, _, err := p.numberText()
	if err != nil {
		return err
	}
	typ, err := strconv.ParseInt(text, 10, 8)
	if err != nil {
		return fail(ErrMalformed, at, "an ext type is an integer from -128 to 127")
	}
	if err := p.expect(','); err != nil {
		return err
	}
	body, err := p.base64()
	if err != nil {
		return err
	}
	p.out = msgpack.AppendExt(p.out, int8(typ), body)
	return p.expect(']')
}

func (p *parser) spelledFloat32() error {
	at := p.at
	c, err := p.peek()
	if err != nil {
		return err
	}
	if c == '"' {
		name, err := p.str()
		if err != nil {
			return err
		}
		bits, ok := specialBits32(string(name))
		if !ok {
			return fail(ErrMalformed, at, "not a float 32 by name")
		}
		p.out = msgpack.AppendFloat32(p.out, bits)
		return nil
	}
	if c != '-' && !isDigit(c) {
		return fail(ErrMalformed, at, "expected a number or a name")
	}
	text, _, err := p.numberText()
	if err != nil {
		return err
	}
	// Parse at 32 bits: going through float64 would round twice.
	f, err := parseFloat(text, 32, at)
	if err != nil {
		return err
	}
	p.out = msgpack.AppendFloat32(p.out, math.Float32bits(float32(f)))
	return nil
}

func (p *parser) spelledFloat64() error {
	at := p.at
	name, err := p.str()
	if err != nil {
		return err
	}
	bits, ok := specialBits64(string(name))
	if !ok {
		return fail(ErrMalformed, at, "not a float 64 by name")
	}
	p.out = msgpack.AppendFloat64(p.out, bits)
	return nil
}

// spelledMap parses [[key,value],…]. Its keys are of any type and may repeat.
func (p *parser) spelledMap(depth int) error {
	if depth == MaxDepth {
		return fail(ErrTooDeep, p.at, "")
	}
	if err := p.expect('['); err != nil {
		return err
	}
	start, n := len(p.out), 0
	p.out = append(p.out, 0)
	for more, err := p.first(']'); ; more, err = p.next(']') {
		if err != nil {
			return err
		}
		if !more {
			p.finish(start, msgpack.AppendMap, n)
			return nil
		}
		if err := p.keyAndValue(depth); err != nil {
			return err
		}
		n++
	}
}

// keyAndValue parses [key,value].
func (p *parser) keyAndValue(depth int) error {
	for _, before := range [...]byte{'[', ','} {
		if err := p.expect(before); err != nil {
			return err
		}
		if err := p.value(depth + 1); err != nil {
			return err
		}
	}
	return p.expect(']')
}
