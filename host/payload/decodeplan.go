package payload

import (
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thawlog/thaw/core/payload"
)

// A decodeFunc decodes the next value into a value of one Go type. There is one for each
// type, made once. It knows the forms in which Marshal writes values of the type, and
// leaves any other to [decoder.general], which also finds the errors.
type decodeFunc func(d *decoder, v reflect.Value) error

var decodeFuncs sync.Map // reflect.Type to decodeFunc

func decodeFuncOf(t reflect.Type) decodeFunc {
	if f, ok := decodeFuncs.Load(t); ok {
		return f.(decodeFunc)
	}
	f := makeDecodeFunc(t)
	decodeFuncs.Store(t, f)
	return f
}

// lazyDecode is the decodeFunc of a type, which is made when it is first needed: a type
// may contain itself.
type lazyDecode struct {
	t reflect.Type
	f atomic.Pointer[decodeFunc]
}

func (l *lazyDecode) decode(d *decoder, v reflect.Value) error {
	if f := l.f.Load(); f != nil {
		return (*f)(d, v)
	}
	f := decodeFuncOf(l.t)
	l.f.Store(&f)
	return f(d, v)
}

func makeDecodeFunc(t reflect.Type) decodeFunc {
	general := (*decoder).general
	switch {
	case t == rawJSONType:
		return general
	case t.Kind() == reflect.Pointer && !indirect(t.Elem()):
		return decodePointer(t)
	case indirect(t):
		if t.Kind() == reflect.Interface && t.NumMethod() == 0 {
			return decodeAny
		}
		return general
	case t == timeType:
		return decodeTime
	case decodesItself(t):
		return general
	}
	switch t.Kind() {
	case reflect.Bool:
		return decodeBool
	case reflect.String:
		return decodeString
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return decodeInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return decodeUint
	case reflect.Float32, reflect.Float64:
		return decodeFloat
	case reflect.Slice:
		switch {
		case isBytes(t):
			return general
		case t == reflect.TypeFor[[]string]():
			return decodeStrings
		case t == reflect.TypeFor[[]int]():
			return decodeSlice[int]
		case t == reflect.TypeFor[[]int64]():
			return decodeSlice[int64]
		case t == reflect.TypeFor[[]any]():
			return decodeAnySlice
		}
		return decodeElements(t)
	case reflect.Map:
		switch t {
		case reflect.TypeFor[map[string]string]():
			return decodeTextMap((*decoder).string)
		case reflect.TypeFor[map[string]any]():
			return decodeTextMap((*decoder).any)
		}
		return decodeMap(t)
	case reflect.Struct:
		return decodeStruct(t)
	}
	return general
}

// indirect reports whether a value of t is reached through a pointer or an interface.
func indirect(t reflect.Type) bool {
	return t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface
}

// decodePointer is for pointers to what is neither a pointer nor an interface.
func decodePointer(t reflect.Type) decodeFunc {
	elem := &lazyDecode{t: t.Elem()}
	return func(d *decoder, v reflect.Value) error {
		if d.b[d.at] == codeNil {
			return d.general(v)
		}
		if v.IsNil() {
			v.Set(reflect.New(elem.t))
		}
		return elem.decode(d, v.Elem())
	}
}

func decodeAny(d *decoder, v reflect.Value) error {
	if !v.IsNil() || d.b[d.at] == codeNil {
		return d.general(v) // it may hold a pointer
	}
	a, err := d.any()
	if err == nil && a != nil {
		v.Set(reflect.ValueOf(a))
	}
	return err
}

// The codes of MessagePack that are needed here.
const (
	codeNil   = 0xc0
	codeFalse = 0xc2
	codeTrue  = 0xc3
	codeFloat = 0xcb // of 64 bits
	codeUint8 = 0xcc
	codeInt8  = 0xd0
	codeStr8  = 0xd9
	codeExt   = 0xc7 // with its length in a byte
	codeExt4  = 0xd6
	codeExt8  = 0xd7
)

// number returns the next value if it is an integer. A negative one is in two's complement
// of 64 bits; an unsigned one of 2^63 or more is not ok.
func (d *decoder) number() (n int64, ok bool) {
	b := d.b[d.at:]
	c := b[0]
	if c <= 0x7f || c >= 0xe0 {
		d.at++
		return int64(int8(c)), true
	}
	switch c {
	case codeUint8:
		n = int64(b[1])
	case codeUint8 + 1:
		n = int64(binary.BigEndian.Uint16(b[1:]))
	case codeUint8 + 2:
		n = int64(binary.BigEndian.Uint32(b[1:]))
	case codeUint8 + 3:
		if n = int64(binary.BigEndian.Uint64(b[1:])); n < 0 {
			return 0, false
		}
	case codeInt8:
		n = int64(int8(b[1]))
	case codeInt8 + 1:
		n = int64(int16(binary.BigEndian.Uint16(b[1:])))
	case codeInt8 + 2:
		n = int64(int32(binary.BigEndian.Uint32(b[1:])))
	case codeInt8 + 3:
		n = int64(binary.BigEndian.Uint64(b[1:]))
	default:
		return 0, false
	}
	d.at += 1 + 1<<(c&3)
	return n, true
}

// text returns the next value, which aliases the input, if it is a string of fewer than
// 64 KiB.
func (d *decoder) text() (s []byte, ok bool) {
	b := d.b[d.at:]
	n, head := int(b[0]&0x1f), 1
	switch {
	case b[0]&0xe0 == 0xa0:
	case b[0] == codeStr8:
		n, head = int(b[1]), 2
	case b[0] == codeStr8+1:
		n, head = int(binary.BigEndian.Uint16(b[1:])), 3
	default:
		return nil, false
	}
	d.at += head + n
	return b[head : head+n], true
}

// string decodes the next value into a string.
func (d *decoder) string() (string, error) {
	if s, ok := d.text(); ok {
		return string(s), nil
	}
	var s string
	err := d.general(reflect.ValueOf(&s).Elem())
	return s, err
}

func decodeInt(d *decoder, v reflect.Value) error {
	at := d.at
	n, ok := d.number()
	if !ok || v.OverflowInt(n) {
		d.at = at
		return d.general(v)
	}
	v.SetInt(n)
	return nil
}

func decodeUint(d *decoder, v reflect.Value) error {
	at := d.at
	n, ok := d.number()
	if !ok || n < 0 || v.OverflowUint(uint64(n)) {
		d.at = at
		return d.general(v)
	}
	v.SetUint(uint64(n))
	return nil
}

func decodeFloat(d *decoder, v reflect.Value) error {
	if b := d.b[d.at:]; b[0] == codeFloat && v.Kind() == reflect.Float64 {
		v.SetFloat(math.Float64frombits(binary.BigEndian.Uint64(b[1:])))
		d.at += 9
		return nil
	}
	return d.general(v)
}

func decodeBool(d *decoder, v reflect.Value) error {
	switch d.b[d.at] {
	case codeFalse, codeTrue:
		v.SetBool(d.b[d.at] == codeTrue)
		d.at++
		return nil
	}
	return d.general(v)
}

func decodeString(d *decoder, v reflect.Value) error {
	if s, ok := d.text(); ok {
		v.SetString(string(s))
		return nil
	}
	return d.general(v)
}

func decodeTime(d *decoder, v reflect.Value) error {
	b := d.b[d.at:]
	head, size := 2, 8
	switch {
	case b[0] == codeExt4:
		size = 4
	case b[0] == codeExt8:
	case b[0] == codeExt && b[1] == 12:
		head, size = 3, 12
	default:
		return d.general(v)
	}
	if int8(b[head-1]) == timestampExt {
		if t, err := timestamp(b[head : head+size]); err == nil {
			d.at += head + size
			*v.Addr().Interface().(*time.Time) = t
			return nil
		}
	}
	return d.general(v)
}

// array returns the number of elements if the next value is an array, and steps into it.
func (d *decoder) array() (n int, ok bool) { return d.container(payload.KindArray, 0x90) }

// pairs returns the number of pairs if the next value is a map, and steps into it.
func (d *decoder) pairs() (n int, ok bool) { return d.container(payload.KindMap, 0x80) }

func (d *decoder) container(kind payload.Kind, small byte) (n int, ok bool) {
	if c := d.b[d.at]; c&0xf0 == small {
		d.at++
		return int(c & 0x0f), true
	}
	x := d.peek()
	if x.Kind != kind {
		return 0, false
	}
	d.at = x.End
	return x.Count, true
}

// decodeSlice is for slices of a predeclared integer type.
func decodeSlice[T int | int64](d *decoder, v reflect.Value) error {
	n, ok := d.array()
	if !ok {
		return d.general(v)
	}
	s := make([]T, n)
	for i := range s {
		at := d.at
		if x, ok := d.number(); ok && int64(T(x)) == x {
			s[i] = T(x)
			continue
		}
		d.at = at
		if err := d.general(reflect.ValueOf(&s[i]).Elem()); err != nil {
			return under(indexStep(i), err)
		}
	}
	*v.Addr().Interface().(*[]T) = s
	return nil
}

func decodeStrings(d *decoder, v reflect.Value) error {
	n, ok := d.array()
	if !ok {
		return d.general(v)
	}
	s := make([]string, n)
	for i := range s {
		var err error
		if s[i], err = d.string(); err != nil {
			return under(indexStep(i), err)
		}
	}
	*v.Addr().Interface().(*[]string) = s
	return nil
}

// decodeTextMap is for maps with strings as keys, whose values next decodes.
func decodeTextMap[T any](next func(d *decoder) (T, error)) decodeFunc {
	return func(d *decoder, v reflect.Value) error {
		n, ok := d.pairs()
		if !ok {
			return d.general(v)
		}
		m := make(map[string]T, n)
		for i := range n {
			start := d.at
			key, err := d.string()
			if err != nil {
				return under(keyStep(i), err)
			}
			step := d.b[start:d.at]
			if m[key], err = next(d); err != nil {
				return under(pairStep(step, i), err)
			}
			if len(m) <= i {
				return under(pairStep(step, i), errTwice)
			}
		}
		*v.Addr().Interface().(*map[string]T) = m
		return nil
	}
}

func decodeAnySlice(d *decoder, v reflect.Value) error {
	n, ok := d.array()
	if !ok {
		return d.general(v)
	}
	s, err := d.anyArray(n)
	if err == nil {
		*v.Addr().Interface().(*[]any) = s
	}
	return err
}

// decodeElements is for slices.
func decodeElements(t reflect.Type) decodeFunc {
	elem := &lazyDecode{t: t.Elem()}
	return func(d *decoder, v reflect.Value) error {
		n, ok := d.array()
		if !ok {
			return d.general(v)
		}
		into := reflect.MakeSlice(t, n, n)
		for i := range n {
			if err := elem.decode(d, into.Index(i)); err != nil {
				return under(indexStep(i), err)
			}
		}
		v.Set(into)
		return nil
	}
}

// decodeMap is for maps.
func decodeMap(t reflect.Type) decodeFunc {
	key, elem := &lazyDecode{t: t.Key()}, &lazyDecode{t: t.Elem()}
	comparable := surelyComparable(t.Key())
	return func(d *decoder, v reflect.Value) error {
		n, ok := d.pairs()
		if !ok {
			return d.general(v)
		}
		m := reflect.MakeMapWithSize(t, n)
		if n > 0 {
			k, e := reflect.New(key.t).Elem(), reflect.New(elem.t).Elem()
			for i := range n {
				if i > 0 {
					k.SetZero()
					e.SetZero()
				}
				start := d.at
				if err := key.decode(d, k); err != nil {
					return under(keyStep(i), err)
				}
				if !comparable && !k.Comparable() {
					return under(keyStep(i), errors.New("a Go map cannot have such a key"))
				}
				step := d.b[start:d.at]
				if err := elem.decode(d, e); err != nil {
					return under(pairStep(step, i), err)
				}
				m.SetMapIndex(k, e)
				if m.Len() <= i {
					return under(pairStep(step, i), errTwice)
				}
			}
		}
		v.Set(m)
		return nil
	}
}

// surelyComparable reports whether all values of t are comparable, without a look at them.
func surelyComparable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Interface, reflect.Struct, reflect.Array:
		return false
	}
	return t.Comparable()
}

// decodeStruct is for structs. Most often their fields come in order.
func decodeStruct(t reflect.Type) decodeFunc {
	fields := fieldsOf(t)
	return func(d *decoder, v reflect.Value) error {
		n, ok := d.pairs()
		if !ok {
			return d.general(v)
		}
		var few [4]uint64
		seen := few[:]
		if fields.numbers > 64*len(few) {
			seen = make([]uint64, (fields.numbers+63)/64)
		}
		next := 0
		for i := range n {
			name, ok := d.text()
			if !ok {
				key := d.peek()
				if key.Kind != payload.KindStr && key.Kind != payload.KindBin {
					return under(keyStep(i), mismatch(key, reflect.TypeFor[string]()))
				}
				d.at, name = key.End, key.Body
			}
			var f *field
			if next < len(fields.list) && fields.list[next].name == string(name) && fields.inOrder {
				f = fields.list[next]
				next++
			} else if f = fields.names[string(name)]; f == nil {
				d.skip()
				continue
			} else {
				next = f.next
			}
			word, bit := f.number/64, uint64(1)<<(f.number%64)
			if seen[word]&bit != 0 {
				return under(nameStep(name), errTwice)
			}
			seen[word] |= bit
			if len(f.index) > 1 {
				if err := d.field(v, f); err != nil {
					return err
				}
				continue
			}
			if err := f.decoder.decode(d, v.Field(f.index[0])); err != nil {
				return under(nameStep([]byte(f.name)), err)
			}
		}
		return nil
	}
}
