package payload

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

// form says how a type encodes itself.
type form uint8

const (
	formPlain   form = iota
	formValue        // the type does
	formPointer      // a pointer to it does
)

var (
	timeType    = reflect.TypeFor[time.Time]()       // an ext registered by the library
	rawJSONType = reflect.TypeFor[json.RawMessage]() // a value, not bytes
)

var encodingMethods = []reflect.Type{
	reflect.TypeFor[msgpack.CustomEncoder](), reflect.TypeFor[msgpack.Marshaler](),
	reflect.TypeFor[encoding.BinaryMarshaler](), reflect.TypeFor[encoding.TextMarshaler](),
}

var decodingMethods = []reflect.Type{
	reflect.TypeFor[msgpack.CustomDecoder](), reflect.TypeFor[msgpack.Unmarshaler](),
	reflect.TypeFor[encoding.BinaryUnmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
}

func implements(t reflect.Type, some []reflect.Type) bool {
	return slices.ContainsFunc(some, t.Implements)
}

var formCache sync.Map // reflect.Type to form

func formOf(t reflect.Type) form {
	if t.Kind() == reflect.Interface || t.Name() != "" && t.PkgPath() == "" {
		return formPlain // an interface: its value decides; int, string and the like have no methods
	}
	if f, ok := formCache.Load(t); ok {
		return f.(form)
	}
	f := formPlain
	switch {
	case t == timeType || t == reflect.PointerTo(timeType) || implements(t, encodingMethods):
		f = formValue
	case t.Kind() != reflect.Pointer && implements(reflect.PointerTo(t), encodingMethods):
		f = formPointer
	}
	formCache.Store(t, f)
	return f
}

// hasOwnForm reports whether the type or a pointer to it encodes or decodes itself.
func hasOwnForm(t reflect.Type) bool {
	return formOf(t) != formPlain || implements(t, decodingMethods) || implements(reflect.PointerTo(t), decodingMethods)
}

// custom returns v in the form in which it encodes itself, if any.
func custom(v reflect.Value) (reflect.Value, bool) {
	f := formOf(v.Type())
	if f == formPlain || !v.CanInterface() {
		return v, false
	}
	if f == formPointer {
		if !v.CanAddr() {
			v = addressable(v) // else the library refuses
		}
		v = v.Addr()
	}
	return v, true
}

func addressable(v reflect.Value) reflect.Value {
	p := reflect.New(v.Type()).Elem()
	p.Set(v)
	return p
}
