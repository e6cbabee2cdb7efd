package payload

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/vmihailenco/msgpack/v5"

	wire "github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/core/payload"
)

// Marshal returns v as canonical MessagePack, the bytes batpak writes for the same value (rmp-serde with named
// fields): every integer and length in its smallest form, structs as maps in field order. The same value gives the
// same bytes: Go maps are sorted, string keys first and by their bytes, other keys by encoding.
//
// Fields are named and omitted by the rules of msgpack/v5 (`msgpack:"name,omitempty"`, "-", inline, as_array).
// Marshal calls the library's interfaces for custom encodings and checks their output. A field without a msgpack tag
// uses its json tag: the name, "-", omitempty and omitzero apply, and an embedded struct with a name is not inlined.
// A struct with two fields of one name is refused. The fields of an embedded struct count, unless the other field
// comes first, which keeps that struct from being inlined. Byte slices and byte arrays are bin, nil slices and maps
// are nil. [json.RawMessage] is the value of its text, by the rules of [ParseJSON]. [time.Time] is a timestamp (ext
// -1): the instant to the nanosecond, without the zone. The intern option is ignored: it needs readers that share a
// dictionary.
//
// Marshal does not use the library's own encoder, which sorts only three map types. An error is a [*TypeError]; its
// cause is ErrTooDeep for cyclic values and ErrTooLarge for a result too large for an event.
func Marshal(v any) ([]byte, error) {
	var e encoder
	if err := e.value(reflect.ValueOf(v), 0); err != nil {
		return nil, &TypeError{Cause: err}
	}
	// Only custom encoders can have added depth.
	if err := Check(e.out); err != nil {
		return nil, &TypeError{Cause: err}
	}
	return e.out, nil
}

// maxHops is the maximum number of pointers and interfaces between a field and its value.
const maxHops = 100

var errorType = reflect.TypeFor[error]()

// encoder is also the io.Writer of custom encoders.
type encoder struct {
	out []byte
}

func (e *encoder) Write(p []byte) (int, error) {
	e.out = append(e.out, p...)
	return len(p), nil
}

func (e *encoder) WriteByte(c byte) error {
	e.out = append(e.out, c)
	return nil
}

// value appends v, which is inside depth arrays and maps.
func (e *encoder) value(v reflect.Value, depth int) error {
	for hops := 0; ; hops++ {
		if !v.IsValid() {
			e.out = wire.AppendNil(e.out)
			return nil
		}
		if v.Type() == rawJSONType {
			return e.rawJSON(v)
		}
		if w, ok := custom(v); ok {
			return e.custom(w)
		}
		if k := v.Kind(); k != reflect.Pointer && k != reflect.Interface {
			break
		}
		if v.IsNil() {
			e.out = wire.AppendNil(e.out)
			return nil
		}
		if v.Type() == errorType {
			e.out = wire.AppendStr(e.out, v.Interface().(error).Error())
			return nil
		}
		if hops == maxHops {
			return fmt.Errorf("%w: a pointer points back to itself", ErrTooDeep)
		}
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Array, reflect.Slice, reflect.Map, reflect.Struct:
		if depth == MaxDepth && !isBytes(v.Type()) {
			return fmt.Errorf("%w: at %s", ErrTooDeep, v.Type())
		}
		return e.composite(v, depth+1)
	}
	return e.scalar(v)
}

// rawJSON appends the value of JSON text; nil is nil.
func (e *encoder) rawJSON(v reflect.Value) (err error) {
	if v.IsNil() {
		e.out = wire.AppendNil(e.out)
		return nil
	}
	e.out, err = ParseJSON(e.out, v.Bytes())
	return err
}

func (e *encoder) scalar(v reflect.Value) error {
	switch v.Kind() {
	case reflect.Bool:
		e.out = wire.AppendBool(e.out, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.out = wire.AppendInt(e.out, v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		e.out = wire.AppendUint(e.out, v.Uint())
	case reflect.Float32:
		e.out = wire.AppendFloat32(e.out, math.Float32bits(float32(v.Float())))
	case reflect.Float64:
		e.out = wire.AppendFloat64(e.out, math.Float64bits(v.Float()))
	case reflect.String:
		if v.Len() > MaxSize {
			return ErrTooLarge
		}
		e.out = wire.AppendStr(e.out, v.String())
	default:
		return fmt.Errorf("%s has no MessagePack form", v.Type())
	}
	return nil
}

func isBytes(t reflect.Type) bool {
	k := t.Kind()
	return (k == reflect.Slice || k == reflect.Array) && t.Elem().Kind() == reflect.Uint8
}

// composite appends an array, slice, map or struct whose elements are inside depth arrays and maps.
func (e *encoder) composite(v reflect.Value, depth int) error {
	k := v.Kind()
	if (k == reflect.Slice || k == reflect.Map) && v.IsNil() {
		e.out = wire.AppendNil(e.out)
		return nil
	}
	switch {
	case k == reflect.Struct:
		return e.structure(v, depth)
	case v.Len() > MaxSize:
		return ErrTooLarge
	case k == reflect.Map:
		return e.mapping(v, depth)
	case isBytes(v.Type()):
		e.out = wire.AppendBin(e.out, byteElems(v))
		return nil
	}
	e.out = wire.AppendArray(e.out, v.Len())
	for i := range v.Len() {
		if err := e.value(v.Index(i), depth); err != nil {
			return err
		}
	}
	return nil
}

func byteElems(v reflect.Value) []byte {
	if v.Kind() == reflect.Array && !v.CanAddr() {
		v = addressable(v)
	}
	return v.Bytes()
}

func (e *encoder) structure(v reflect.Value, depth int) error {
	fields := fieldsOf(v.Type())
	if fields.twice != "" && !fields.asArray {
		return fmt.Errorf("%s has two fields named %q", v.Type(), fields.twice)
	}
	present := fields.present(v)
	if fields.asArray {
		present = fields.list
		e.out = wire.AppendArray(e.out, len(present))
	} else {
		e.out = wire.AppendMap(e.out, len(present))
	}
	for _, f := range present {
		if !fields.asArray {
			e.out = wire.AppendStr(e.out, f.name)
		}
		fv, _ := f.of(v) // the zero Value, encoded as nil, in a nil embedded pointer
		if err := e.value(fv, depth); err != nil {
			return err
		}
	}
	return nil
}

// mapping appends a map: it encodes the pairs aside, sorts them by key, then copies them.
func (e *encoder) mapping(v reflect.Value, depth int) error {
	e.out = wire.AppendMap(e.out, v.Len())
	if v.Len() == 0 {
		return nil
	}
	var aside encoder
	type pair struct{ key, value, end int } // offsets in aside.out
	pairs := make([]pair, 0, v.Len())
	for iter := v.MapRange(); iter.Next(); {
		p := pair{key: len(aside.out)}
		if err := aside.value(iter.Key(), depth); err != nil {
			return err
		}
		p.value = len(aside.out)
		if err := aside.value(iter.Value(), depth); err != nil {
			return err
		}
		p.end = len(aside.out)
		pairs = append(pairs, p)
	}
	slices.SortFunc(pairs, func(x, y pair) int {
		return cmp.Or( // unequal Go keys can have one encoding: int8(1) and int64(1)
			compareKeys(aside.out[x.key:x.value], aside.out[y.key:y.value]),
			bytes.Compare(aside.out[x.value:x.end], aside.out[y.value:y.end]))
	})
	for _, p := range pairs {
		e.out = append(e.out, aside.out[p.key:p.end]...)
	}
	return nil
}

// compareKeys orders strings first, by their text regardless of length, then all other keys by encoding.
func compareKeys(x, y []byte) int {
	s, xIsStr := payload.Text(x)
	t, yIsStr := payload.Text(y)
	switch {
	case xIsStr && yIsStr:
		return bytes.Compare(s, t)
	case xIsStr:
		return -1
	case yIsStr:
		return 1
	}
	return bytes.Compare(x, y)
}

// custom appends a value that encodes itself, through the library.
func (e *encoder) custom(v reflect.Value) error {
	start := len(e.out)
	enc := msgpack.NewEncoder(e)
	enc.UseCompactInts(true)
	enc.SetSortMapKeys(true)
	enc.SetCustomStructTag(jsonTag)
	if err := enc.EncodeValue(v); err != nil {
		return err
	}
	if err := Check(e.out[start:]); err != nil {
		return fmt.Errorf("the encoding of %s: %w", v.Type(), err)
	}
	return nil
}
