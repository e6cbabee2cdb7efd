package payload

import (
	"fmt"
	"reflect"
)

// CheckType returns why no value of a type, or of a type in it, can be encoded or decoded
// again, or nil. It finds what a zero value hides, such as the channels of a nil slice. Of a
// type that encodes and decodes itself it says nothing.
// The error is a [*TypeError].
func CheckType(t reflect.Type) error {
	if err := checkType(t, map[reflect.Type]bool{}); err != nil {
		return &TypeError{Cause: err}
	}
	return nil
}

func checkType(t reflect.Type, seen map[reflect.Type]bool) error {
	if oneWay(t) {
		return fmt.Errorf("%s could not be decoded: it has a method to encode or to decode itself, but not both", t)
	}
	if seen[t] || t == rawJSONType || t == errorType || hasOwnForm(t) {
		return nil
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return checkType(t.Elem(), seen)
	case reflect.Map:
		if err := checkType(t.Key(), seen); err != nil {
			return err
		}
		return checkType(t.Elem(), seen)
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return fmt.Errorf("%s could not be decoded: no type can be chosen for it", t)
		}
	case reflect.Struct:
		return checkFields(t, seen)
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.Uintptr, reflect.UnsafePointer:
		return fmt.Errorf("%s has no MessagePack form", t)
	}
	return nil
}

// oneWay reports whether a type is text or bytes in one direction and something else in the
// other.
func oneWay(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface || t.Kind() == reflect.String || isBytes(t) {
		return false
	}
	has := func(some []reflect.Type) bool { return implements(t, some) || implements(reflect.PointerTo(t), some) }
	encodes, decodes := has(encodingMethods), has(decodingMethods)
	// The first two are of the library, and may read and write the plain form.
	return encodes && !decodes && !has(encodingMethods[:2]) || decodes && !encodes && !has(decodingMethods[:2])
}

func checkFields(t reflect.Type, seen map[reflect.Type]bool) error {
	fields := fieldsOf(t)
	if fields.twice != "" && !fields.asArray {
		return fmt.Errorf("%s has two fields named %q", t, fields.twice)
	}
	for _, f := range fields.list {
		for i := 1; i < len(f.index); i++ {
			in := t.FieldByIndex(f.index[:i])
			if in.Type.Kind() == reflect.Pointer && !in.IsExported() {
				return fmt.Errorf("%s could not be decoded: it embeds a pointer to unexported %s", t, in.Type.Elem())
			}
		}
		if err := checkType(t.FieldByIndex(f.index).Type, seen); err != nil {
			return fmt.Errorf("%w, in field %q of %s", err, f.name, t)
		}
	}
	return nil
}
