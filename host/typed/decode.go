package typed

import (
	"reflect"
	"sync"
	"time"

	"github.com/thawlog/thaw/host/payload"
)

// decoding returns the function that decodes payloads into a T. A T to decode into would be
// allocated for each payload, besides the value that is returned, so one is used again, unless
// a method could keep a pointer to it.
func decoding[T any]() func([]byte) (T, error) {
	if decodesItself(reflect.TypeFor[T](), map[reflect.Type]bool{}) {
		return func(b []byte) (v T, err error) {
			err = payload.Unmarshal(b, &v)
			return v, err
		}
	}
	targets := sync.Pool{New: func() any { return new(T) }}
	return func(b []byte) (v T, err error) {
		target := targets.Get().(*T)
		err = payload.Unmarshal(b, target)
		v, *target = *target, v
		targets.Put(target)
		return v, err
	}
}

// decoders are the methods that package payload calls to decode a value.
var decoders = []string{"DecodeMsgpack", "UnmarshalMsgpack", "UnmarshalBinary", "UnmarshalText"}

// decodesItself reports whether a type or one in it has a method that decodes it.
func decodesItself(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] || t == reflect.TypeFor[time.Time]() {
		return false
	}
	seen[t] = true
	if hasDecoder(t) {
		return true
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return decodesItself(t.Elem(), seen)
	case reflect.Map:
		return decodesItself(t.Key(), seen) || decodesItself(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if decodesItself(t.Field(i).Type, seen) {
				return true
			}
		}
	}
	return false
}

// hasDecoder reports whether a type itself has one of these methods.
func hasDecoder(t reflect.Type) bool {
	for _, name := range decoders {
		if _, ok := reflect.PointerTo(t).MethodByName(name); ok {
			return true
		}
	}
	return false
}
