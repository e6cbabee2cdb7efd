package payload

import (
	"errors"
	"fmt"
	"reflect"
)

// Unmarshal checks b and decodes it into the value that v points to. Nothing in v aliases b.
//
// A number keeps its value or is an error: an integer that does not fit the Go type (ErrRange), an integer or a float
// 64 that a float32 or float64 would round (ErrInexact), a float for an integer. The other conversions are str to and
// from bytes, and nil, which is the zero value of every type. An array needs a Go array of its length, and a map with
// a duplicate key is an error.
//
// Struct fields are found by the names that [Marshal] gives them. Unknown names are skipped, and a field missing in b
// keeps its value. Slices and maps are allocated; a pointer is followed. A struct also accepts an array with as many
// elements as it has fields. In any, an integer becomes the narrowest of int8 to uint64, an array []any, a map
// map[string]any. [json.RawMessage] accepts any value, spelled as by [AppendJSON].
//
// [time.Time] accepts a timestamp (ext type -1) or a string in RFC 3339, and keeps the instant to the nanosecond. The
// zone is dropped: the result is in UTC on every machine. A fraction finer than nanoseconds is ErrInexact.
//
// Types that decode themselves (the interfaces of msgpack/v5, encoding.BinaryUnmarshaler, encoding.TextUnmarshaler)
// do so through the library; values that such a method reads with the library's own Decode functions follow the
// library's rules, which truncate integers. Any other ext needs a decoder registered with the library that reads the
// body in one read; an empty ext is refused. []byte accepts bin or str, not an array of integers, the default
// encoding of Vec<u8> in Rust: use []uint16 for that.
//
// For any b, memory stays within a multiple of len(b) and nesting within MaxDepth. The multiple depends on the Go
// type: up to about 130 for any (a map of one pair is 3 bytes here and over 300 in Go), and the size of T for []T. An
// error from Check is an [*Error]; any other error, even a panic in the library or in a method of v, is a
// [*TypeError] with the path of the value. On error v may be partly filled.
func Unmarshal(b []byte, v any) (err error) {
	if err := Check(b); err != nil {
		return err
	}
	p := reflect.ValueOf(v)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return &TypeError{Cause: fmt.Errorf("decoding into %T, which is nil or not a pointer", v)}
	}
	defer func() {
		if r := recover(); r != nil {
			err = &TypeError{Cause: fmt.Errorf("decoding %T: %v", v, r)}
		}
	}()
	d := decoders.Get().(*decoder)
	d.b, d.at = b, 0
	err = d.value(p.Elem())
	d.b = nil
	decoders.Put(d) // not after a panic, in which a method may have kept it
	if err != nil {
		var typed *TypeError
		if !errors.As(err, &typed) {
			err = &TypeError{Cause: err}
		}
		return err
	}
	return nil
}
