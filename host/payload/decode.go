package payload

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"sync"

	"github.com/thawlog/thaw/core/payload"
)

// decoder decodes checked bytes into Go values. MaxDepth bounds its recursion.
type decoder struct {
	b  []byte // passed Check
	at int    // where the next value begins
}

// decoders keeps decoders for the next calls of Unmarshal.
var decoders = sync.Pool{New: func() any { return new(decoder) }}

// peek returns the next value.
func (d *decoder) peek() payload.Value {
	v, err := payload.ValueAt(d.b, d.at)
	if err != nil {
		panic(err) // cannot happen in checked bytes
	}
	return v
}

// skip steps over the next value, elements included.
func (d *decoder) skip() {
	n, err := payload.Span(d.b[d.at:])
	if err != nil {
		panic(err) // cannot happen in checked bytes
	}
	d.at += n
}

// value decodes the next value into v, which must be settable.
func (d *decoder) value(v reflect.Value) error { return decodeFuncOf(v.Type())(d, v) }

// general decodes the next value of any form into v of any type.
func (d *decoder) general(v reflect.Value) error {
	x := d.peek()
	for hops := 0; ; hops++ {
		if hops == maxHops {
			return errors.New("a pointer points back to itself")
		}
		switch {
		case v.Kind() == reflect.Pointer && x.Kind != payload.KindNil:
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
			continue
		case v.Kind() == reflect.Interface && x.Kind != payload.KindNil:
			if p := v.Elem(); p.Kind() == reflect.Pointer && !p.IsNil() {
				v = p.Elem()
				continue
			}
			return d.dynamic(v)
		}
		break
	}
	switch {
	case v.Type() == rawJSONType:
		return d.rawJSON(v)
	case x.Kind == payload.KindNil:
		d.at = x.End
		v.SetZero()
		return nil
	case v.Type() == timeType:
		return d.time(v, x)
	case decodesItself(v.Type()), x.Kind == payload.KindExt:
		return d.library(v)
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		if isBytes(v.Type()) {
			return d.bytes(v, x)
		}
		return d.sequence(v, x)
	case reflect.Map:
		return d.mapping(v, x)
	case reflect.Struct:
		return d.structure(v, x)
	}
	d.at = x.End
	return scalar(v, x)
}

// dynamic decodes into an interface that holds no pointer.
func (d *decoder) dynamic(v reflect.Value) error {
	if v.Type() == errorType {
		x := d.peek()
		if x.Kind != payload.KindStr {
			return mismatch(x, v.Type())
		}
		d.at = x.End
		v.Set(reflect.ValueOf(errors.New(string(x.Body))))
		return nil
	}
	if v.NumMethod() > 0 {
		return fmt.Errorf("cannot choose a type for interface %s, which holds no pointer", v.Type())
	}
	a, err := d.any()
	switch {
	case err != nil:
		return err
	case a == nil: // of a registered ext
		v.SetZero()
	default:
		v.Set(reflect.ValueOf(a))
	}
	return nil
}

func (d *decoder) bytes(v reflect.Value, x payload.Value) error {
	if x.Kind != payload.KindBin && x.Kind != payload.KindStr {
		return mismatch(x, v.Type())
	}
	d.at = x.End
	if v.Kind() == reflect.Slice {
		v.SetBytes(append([]byte{}, x.Body...))
		return nil
	}
	if len(x.Body) != v.Len() {
		return fmt.Errorf("%d bytes do not fit %s", len(x.Body), v.Type())
	}
	copy(v.Bytes(), x.Body)
	return nil
}

func (d *decoder) sequence(v reflect.Value, x payload.Value) error {
	if x.Kind != payload.KindArray {
		return mismatch(x, v.Type())
	}
	d.at = x.End
	into := v
	switch {
	case v.Kind() == reflect.Slice:
		into = reflect.MakeSlice(v.Type(), x.Count, x.Count)
	case v.Len() != x.Count:
		return fmt.Errorf("%d elements do not fit %s", x.Count, v.Type())
	}
	for i := range x.Count {
		if err := d.value(into.Index(i)); err != nil {
			return under(indexStep(i), err)
		}
	}
	if v.Kind() == reflect.Slice {
		v.Set(into)
	}
	return nil
}

func (d *decoder) mapping(v reflect.Value, x payload.Value) error {
	if x.Kind != payload.KindMap {
		return mismatch(x, v.Type())
	}
	d.at = x.End
	t := v.Type()
	m := reflect.MakeMapWithSize(t, x.Count)
	for i := range x.Count {
		k, e := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		start := d.at
		if err := d.value(k); err != nil {
			return under(keyStep(i), err)
		}
		if !k.Comparable() {
			return under(keyStep(i), errors.New("a Go map cannot have such a key"))
		}
		step := d.b[start:d.at]
		if err := d.value(e); err != nil {
			return under(pairStep(step, i), err)
		}
		m.SetMapIndex(k, e)
		if m.Len() <= i {
			return under(pairStep(step, i), errTwice)
		}
	}
	v.Set(m)
	return nil
}

var errTwice = errors.New("duplicate key")

func (d *decoder) structure(v reflect.Value, x payload.Value) error {
	fields := fieldsOf(v.Type())
	switch x.Kind {
	case payload.KindArray:
		d.at = x.End
		if x.Count != len(fields.list) {
			return fmt.Errorf("%d elements do not fit the %d fields of %s", x.Count, len(fields.list), v.Type())
		}
		for _, f := range fields.list {
			if err := d.field(v, f); err != nil {
				return err
			}
		}
		return nil
	case payload.KindMap:
	default:
		return mismatch(x, v.Type())
	}
	d.at = x.End
	seen := make(map[*field]bool, min(x.Count, len(fields.list)))
	for i := range x.Count {
		key := d.peek()
		if key.Kind != payload.KindStr && key.Kind != payload.KindBin {
			return under(keyStep(i), mismatch(key, reflect.TypeFor[string]()))
		}
		d.at = key.End
		f := fields.names[string(key.Body)]
		switch {
		case f == nil:
			d.skip()
			continue
		case seen[f]:
			return under(nameStep(key.Body), errTwice)
		}
		seen[f] = true
		if err := d.field(v, f); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) field(v reflect.Value, f *field) error {
	if x := d.peek(); x.Kind == payload.KindNil {
		if _, ok := f.of(v); !ok { // a nil embedded pointer, which Marshal writes as nil
			d.at = x.End
			return nil
		}
	}
	into, err := f.make(v)
	if err == nil {
		err = d.value(into)
	}
	if err != nil {
		return under(nameStep([]byte(f.name)), err)
	}
	return nil
}

// rawJSON stores the next value, nil included, as JSON.
func (d *decoder) rawJSON(v reflect.Value) error {
	start := d.at
	d.skip()
	text, err := AppendJSON(nil, d.b[start:d.at])
	if err != nil {
		return err
	}
	v.SetBytes(text)
	return nil
}

// The steps of a path: keys of maps and structs as written, elements by number.

func indexStep(i int) string { return "[" + strconv.Itoa(i) + "]" }
func keyStep(i int) string   { return "[key " + strconv.Itoa(i) + "]" }

func nameStep(name []byte) string {
	if len(name) == 0 {
		return `[""]`
	}
	for _, c := range name {
		if c != '_' && c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return "[" + strconv.Quote(clip(string(name))) + "]"
		}
	}
	return "." + clip(string(name))
}

// pairStep returns the step to the value of the i-th pair of a map, whose key is this MessagePack.
func pairStep(key []byte, i int) string {
	switch k, _ := payload.ValueAt(key, 0); k.Kind {
	case payload.KindStr:
		return nameStep(k.Body)
	case payload.KindInt, payload.KindUint:
		return "[" + numberText(k) + "]"
	}
	return "[value " + strconv.Itoa(i) + "]"
}

// clip shortens a name so that a message fits on a line.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
