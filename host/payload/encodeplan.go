package payload

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	wire "github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/core/payload"
)

// An encodeFunc appends a value of one Go type, which is inside depth arrays and maps.
// There is one for each type, made once. It knows the plain values of the type and leaves
// others, such as a pointer to a pointer or a type that encodes itself, to
// [encoder.general].
type encodeFunc func(e *encoder, v reflect.Value, depth int) error

var encodeFuncs sync.Map // reflect.Type to encodeFunc

func encodeFuncOf(t reflect.Type) encodeFunc {
	if f, ok := encodeFuncs.Load(t); ok {
		return f.(encodeFunc)
	}
	f := makeEncodeFunc(t)
	encodeFuncs.Store(t, f)
	return f
}

// lazyEncode is the encodeFunc of a type, which is made when it is first needed: a type
// may contain itself.
type lazyEncode struct {
	t reflect.Type
	f atomic.Pointer[encodeFunc]
}

func (l *lazyEncode) encode(e *encoder, v reflect.Value, depth int) error {
	if f := l.f.Load(); f != nil {
		return (*f)(e, v, depth)
	}
	f := encodeFuncOf(l.t)
	l.f.Store(&f)
	return f(e, v, depth)
}

func makeEncodeFunc(t reflect.Type) encodeFunc {
	general := (*encoder).general
	switch {
	case t == rawJSONType:
		return general
	case t == timeType:
		return encodeTime
	case t.Kind() == reflect.Pointer && !indirect(t.Elem()) && (t.Elem() == timeType || formOf(t) == formPlain):
		return encodePointer(t)
	case t.Kind() == reflect.Interface && t != errorType:
		return encodeInterface
	case indirect(t), formOf(t) != formPlain:
		return general
	}
	switch t.Kind() {
	case reflect.Bool, reflect.String,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return func(e *encoder, v reflect.Value, _ int) error { return e.scalar(v) }
	case reflect.Array, reflect.Slice:
		if !isBytes(t) {
			return encodeElements(t)
		}
	case reflect.Map:
		switch t {
		case reflect.TypeFor[map[string]string]():
			return encodeTexts
		case reflect.TypeFor[map[string]any]():
			return encodeAnyMap
		}
		return encodeMap(t)
	case reflect.Struct:
		return encodeStruct(t)
	}
	return general
}

func errDeep(t reflect.Type) error { return fmt.Errorf("%w: at %s", ErrTooDeep, t) }

// encodeTime appends an instant as a timestamp in its shortest form.
func encodeTime(e *encoder, v reflect.Value, depth int) error {
	switch {
	case v.CanAddr() && v.Addr().CanInterface():
		e.appendTime(*v.Addr().Interface().(*time.Time))
	case v.CanInterface():
		e.appendTime(v.Interface().(time.Time))
	default:
		return e.general(v, depth)
	}
	return nil
}

func (e *encoder) appendTime(t time.Time) {
	const ext = 0xff // the type -1
	seconds, nanos := uint64(t.Unix()), uint64(t.Nanosecond())
	switch {
	case seconds>>34 != 0:
		e.out = binary.BigEndian.AppendUint32(append(e.out, 0xc7, 12, ext), uint32(nanos))
		e.out = binary.BigEndian.AppendUint64(e.out, seconds)
	case nanos == 0 && seconds>>32 == 0:
		e.out = binary.BigEndian.AppendUint32(append(e.out, 0xd6, ext), uint32(seconds))
	default:
		e.out = binary.BigEndian.AppendUint64(append(e.out, 0xd7, ext), nanos<<34|seconds)
	}
}

// encodePointer is for pointers to what is neither a pointer nor an interface.
func encodePointer(t reflect.Type) encodeFunc {
	elem := &lazyEncode{t: t.Elem()}
	return func(e *encoder, v reflect.Value, depth int) error {
		if v.IsNil() {
			e.out = wire.AppendNil(e.out)
			return nil
		}
		return elem.encode(e, v.Elem(), depth)
	}
}

func encodeInterface(e *encoder, v reflect.Value, depth int) error {
	if v.IsNil() {
		e.out = wire.AppendNil(e.out)
		return nil
	}
	if v.NumMethod() == 0 && v.CanInterface() {
		return e.any(v.Interface(), depth)
	}
	return e.value(v.Elem(), depth) // which counts the hops if that leads back here
}

// any appends a value of any type.
func (e *encoder) any(a any, depth int) error {
	switch x := a.(type) {
	case nil:
		e.out = wire.AppendNil(e.out)
	case string:
		if len(x) > MaxSize {
			return ErrTooLarge
		}
		e.out = wire.AppendStr(e.out, x)
	case bool:
		e.out = wire.AppendBool(e.out, x)
	case int:
		e.out = wire.AppendInt(e.out, int64(x))
	case int64:
		e.out = wire.AppendInt(e.out, x)
	case float64:
		e.out = wire.AppendFloat64(e.out, math.Float64bits(x))
	case map[string]any:
		return e.anyMap(x, depth)
	case []any:
		return e.anySlice(x, depth)
	default:
		return e.value(reflect.ValueOf(a), depth)
	}
	return nil
}

func encodeAnyMap(e *encoder, v reflect.Value, depth int) error {
	if !v.CanInterface() {
		return e.general(v, depth)
	}
	return e.anyMap(v.Interface().(map[string]any), depth)
}

func (e *encoder) anyMap(m map[string]any, depth int) error {
	switch {
	case depth == MaxDepth:
		return errDeep(reflect.TypeOf(m))
	case m == nil:
		e.out = wire.AppendNil(e.out)
		return nil
	case len(m) > MaxSize:
		return ErrTooLarge
	}
	e.out = wire.AppendMap(e.out, len(m))
	first := len(e.keys)
	for key := range m {
		if len(key) > MaxSize {
			return ErrTooLarge
		}
		e.keys = append(e.keys, key)
	}
	slices.Sort(e.keys[first:])
	for i := range len(m) {
		key := e.keys[first+i] // the maps in this one may move the keys
		e.out = wire.AppendStr(e.out, key)
		if err := e.any(m[key], depth+1); err != nil {
			return err
		}
	}
	clear(e.keys[first:])
	e.keys = e.keys[:first]
	return nil
}

func (e *encoder) anySlice(s []any, depth int) error {
	switch {
	case depth == MaxDepth:
		return errDeep(reflect.TypeOf(s))
	case s == nil:
		e.out = wire.AppendNil(e.out)
		return nil
	case len(s) > MaxSize:
		return ErrTooLarge
	}
	e.out = wire.AppendArray(e.out, len(s))
	for _, a := range s {
		if err := e.any(a, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// encodeElements is for slices and arrays, not of bytes.
func encodeElements(t reflect.Type) encodeFunc {
	elem := &lazyEncode{t: t.Elem()}
	return func(e *encoder, v reflect.Value, depth int) error {
		switch {
		case depth == MaxDepth:
			return errDeep(t)
		case v.Kind() == reflect.Slice && v.IsNil():
			e.out = wire.AppendNil(e.out)
			return nil
		case v.Len() > MaxSize:
			return ErrTooLarge
		}
		e.out = wire.AppendArray(e.out, v.Len())
		for i := range v.Len() {
			if err := elem.encode(e, v.Index(i), depth+1); err != nil {
				return err
			}
		}
		return nil
	}
}

// encodeStruct is for structs.
func encodeStruct(t reflect.Type) encodeFunc {
	fields := fieldsOf(t)
	if fields.asArray || fields.twice != "" || len(fields.list) > 64 {
		return (*encoder).general
	}
	return func(e *encoder, v reflect.Value, depth int) error {
		if depth == MaxDepth {
			return errDeep(t)
		}
		absent, n := uint64(0), len(fields.list)
		if fields.omits {
			for i, f := range fields.list {
				if f.omitted(v) {
					absent |= 1 << i
					n--
				}
			}
		}
		e.out = wire.AppendMap(e.out, n)
		for i, f := range fields.list {
			if absent>>i&1 != 0 {
				continue
			}
			e.out = append(e.out, f.head...)
			if len(f.index) == 1 {
				if err := f.encoder.encode(e, v.Field(f.index[0]), depth+1); err != nil {
					return err
				}
				continue
			}
			fv, _ := f.of(v) // the zero Value, encoded as nil, in a nil embedded pointer
			if err := e.value(fv, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
}

// pair is a pair of a map that is being encoded: offsets in the output.
type pair struct {
	key, value, end int
	text            int // where the text of a key that is a string begins, else -1
}

// encodeMap is for maps.
func encodeMap(t reflect.Type) encodeFunc {
	key, elem := &lazyEncode{t: t.Key()}, &lazyEncode{t: t.Elem()}
	text := t.Key().Kind() == reflect.String && formOf(t.Key()) == formPlain
	return func(e *encoder, v reflect.Value, depth int) error {
		switch {
		case depth == MaxDepth:
			return errDeep(t)
		case v.IsNil():
			e.out = wire.AppendNil(e.out)
			return nil
		case v.Len() > MaxSize:
			return ErrTooLarge
		}
		e.out = wire.AppendMap(e.out, v.Len())
		if v.Len() == 0 {
			return nil
		}
		first, from := len(e.pairs), len(e.out)
		k, x := reflect.New(key.t).Elem(), reflect.New(elem.t).Elem()
		for iter := v.MapRange(); iter.Next(); {
			k.SetIterKey(iter)
			x.SetIterValue(iter)
			p := pair{key: len(e.out), text: -1}
			if text {
				e.out = wire.AppendStr(e.out, k.String())
				p.value = len(e.out)
				p.text = p.value - k.Len()
			} else {
				if err := key.encode(e, k, depth+1); err != nil {
					return err
				}
				p.value = len(e.out)
				if s, ok := payload.Text(e.out[p.key:p.value]); ok {
					p.text = p.value - len(s)
				}
			}
			if err := elem.encode(e, x, depth+1); err != nil {
				return err
			}
			p.end = len(e.out)
			e.pairs = append(e.pairs, p)
		}
		e.sortPairs(first, from)
		return nil
	}
}

// sortPairs sorts the pairs from first on, whose encoding begins at an offset of the
// output and ends with it, and removes them from the list.
func (e *encoder) sortPairs(first, from int) {
	pairs := e.pairs[first:]
	e.pairs = e.pairs[:first]
	if slices.IsSortedFunc(pairs, e.comparePairs) {
		return
	}
	slices.SortFunc(pairs, e.comparePairs)
	e.aside = append(e.aside[:0], e.out[from:]...)
	e.out = e.out[:from]
	for _, p := range pairs {
		e.out = append(e.out, e.aside[p.key-from:p.end-from]...)
	}
}

// comparePairs orders strings first, by their text regardless of length, then all other
// keys by encoding. Unequal Go keys can have one encoding, such as int8(1) and int64(1);
// then the values decide.
func (e *encoder) comparePairs(x, y pair) int {
	if x.text >= 0 && y.text >= 0 {
		if c := bytes.Compare(e.out[x.text:x.value], e.out[y.text:y.value]); c != 0 {
			return c
		}
	} else if x.text >= 0 || y.text >= 0 {
		return cmp.Compare(y.text, x.text) // the one that is no text is at -1
	} else if c := bytes.Compare(e.out[x.key:x.value], e.out[y.key:y.value]); c != 0 {
		return c
	}
	return bytes.Compare(e.out[x.value:x.end], e.out[y.value:y.end])
}

func encodeTexts(e *encoder, v reflect.Value, depth int) error {
	switch {
	case depth == MaxDepth:
		return errDeep(v.Type())
	case !v.CanInterface():
		return e.general(v, depth)
	case v.IsNil():
		e.out = wire.AppendNil(e.out)
		return nil
	case v.Len() > MaxSize:
		return ErrTooLarge
	}
	m := v.Interface().(map[string]string)
	e.out = wire.AppendMap(e.out, len(m))
	first := len(e.keys)
	for key, value := range m {
		if len(key) > MaxSize || len(value) > MaxSize {
			return ErrTooLarge
		}
		e.keys = append(e.keys, key)
	}
	slices.Sort(e.keys[first:])
	for _, key := range e.keys[first:] {
		e.out = wire.AppendStr(e.out, key)
		e.out = wire.AppendStr(e.out, m[key])
	}
	clear(e.keys[first:])
	e.keys = e.keys[:first]
	return nil
}
