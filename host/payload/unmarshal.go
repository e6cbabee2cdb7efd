package payload

import (
	"errors"
	"fmt"
	"reflect"
)

// Unmarshal checks b and decodes it into the value that v points to. Nothing in v aliases b.
//
// A number keeps its value or is an error: an integer that does not fit the Go type (ErrRange), an integer or a
// float 64 that a float32 or float64 would round (ErrInexact), a float for an integer. The other conversions are
// str to and from bytes, and nil, which is the zero value of every type. An array needs a Go array of its length, and
// a map with the same key twice is an error.
//
// Struct fields are found by their names as [Marshal] writes them, unknown ones are skipped, and a field that b does
// not have keeps what it held. A slice and a map are made new; a pointer is followed. A struct also takes an array
// with as many elements as it has fields. Into any an integer comes as the narrowest of int8 to uint64, an array as
// []any, a map as map[string]any. [json.RawMessage] takes any value, as [AppendJSON] spells it.
//
// [time.Time] takes a timestamp (ext type -1) or a string as RFC 3339 has it, and keeps the instant to the nanosecond.
// The zone is not kept: the result is in UTC on every machine. A fraction finer than nanoseconds is ErrInexact.
//
// Types that decode themselves (the interfaces of msgpack/v5, encoding.BinaryUnmarshaler, encoding.TextUnmarshaler)
// do so through the library; what such a method reads with the library's own Decode functions goes by the library's
// rules, which cut integers. Any other ext is read only by a decoder registered with the library that takes the body
// in one read; an empty ext is refused. []byte is filled from bin or str, not from an array of integers, which is how
// Rust writes Vec<u8> unless told otherwise: use []uint16 there.
//
// Whatever b holds, memory stays within a multiple of len(b) and nesting within MaxDepth. The multiple is that of the
// Go type: up to about 130 for any (a map of one pair is 3 bytes here and over 300 in Go), and the size of T for []T.
// An error from Check is an [*Error]; everything else is a [*TypeError] with the path of the value, also a panic in
// the library or in a method of v. On error v may be partly filled.
func Unmarshal(b []byte, v any) (err error) {
	if err := Check(b); err != nil {
		return err
	}
	p := reflect.ValueOf(v)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return &TypeError{Cause: fmt.Errorf("decoding into %T, which is no pointer or nil", v)}
	}
	defer func() {
		if r := recover(); r != nil {
			err = &TypeError{Cause: fmt.Errorf("decoding %T: %v", v, r)}
		}
	}()
	d := decoder{b: b}
	if err := d.value(p.Elem()); err != nil {
		var typed *TypeError
		if !errors.As(err, &typed) {
			err = &TypeError{Cause: err}
		}
		return err
	}
	return nil
}
