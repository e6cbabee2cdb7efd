package payload

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"sync"

	"github.com/vmihailenco/msgpack/v5"

	wire "github.com/thawlog/thaw/core/msgpack"
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
	e := encoders.Get().(*encoder)
	if err := e.value(reflect.ValueOf(v), 0); err != nil {
		e.giveBack()
		return nil, &TypeError{Cause: err}
	}
	if e.foreign || len(e.out) > MaxSize {
		// Only others than the encoder can have added depth, or what is not MessagePack.
		if err := Check(e.out); err != nil {
			return nil, &TypeError{Cause: err}
		}
	}
	if len(e.out) > keptOutput {
		return e.out, nil
	}
	out := bytes.Clone(e.out)
	e.giveBack()
	return out, nil
}

// keptOutput is the longest output, in bytes, whose buffer is kept for later ones.
const keptOutput = 32 << 10

// encoders keeps encoders for the next calls of Marshal.
var encoders = sync.Pool{New: func() any { return new(encoder) }}

// giveBack returns the encoder to the pool. It is not called after a panic.
func (e *encoder) giveBack() {
	if cap(e.out) > 2*keptOutput || cap(e.aside) > 2*keptOutput || cap(e.pairs)+cap(e.keys) > 1000 {
		return
	}
	clear(e.keys)
	*e = encoder{out: e.out[:0], aside: e.aside[:0], pairs: e.pairs[:0], keys: e.keys[:0]}
	encoders.Put(e)
}

// maxHops is the maximum number of pointers and interfaces between a field and its value.
const maxHops = 100

var errorType = reflect.TypeFor[error]()

// encoder is also the io.Writer of custom encoders.
type encoder struct {
	out     []byte
	foreign bool // whether out has values of custom encoders or of JSON

	// For the pairs of maps: scratch space, and the pairs of the maps that are open.
	aside []byte
	pairs []pair
	keys  []string
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
	if !v.IsValid() {
		e.out = wire.AppendNil(e.out)
		return nil
	}
	return encodeFuncOf(v.Type())(e, v, depth)
}

// general appends a value of any type.
func (e *encoder) general(v reflect.Value, depth int) error {
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
	e.foreign = true
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
		return encodeMap(v.Type())(e, v, depth-1)
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

// custom appends a value that encodes itself, through the library.
func (e *encoder) custom(v reflect.Value) error {
	e.foreign = true
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
