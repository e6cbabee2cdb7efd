package payload

import (
	"errors"
	"fmt"

	"github.com/vmihailenco/msgpack/v5"
)

// Unmarshal checks b and decodes it into the value v points to, with the rules of msgpack/v5: struct fields by name
// or `msgpack:"name"` tag, unknown fields skipped, timestamps into time.Time. Nothing in v aliases b.
//
// Whatever b holds, memory stays within a multiple of len(b) and nesting within MaxDepth. The multiple is that of the
// Go type: up to about 130 for any (a map of one pair is 3 bytes here and over 300 in Go), and the size of T for []T.
// An error from Check is an [*Error]; everything else is a [*TypeError], also a panic in the library or in a method
// of v. On error v may be partly filled.
//
// Two habits of the library to know: integers that do not fit the field are cut, not refused, and into any they come
// as the narrowest of int8 to uint64. An ext is read only as time.Time (type -1), or by a decoder registered for it
// that takes the body in one read; an empty ext is refused. []byte is filled from bin or str, not from an array of
// integers, which is how Rust writes Vec<u8> unless told otherwise: use []uint16 there.
func Unmarshal(b []byte, v any) (err error) {
	if err := Check(b); err != nil {
		return err
	}
	g := &guard{b: b}
	// Not msgpack.Unmarshal: that keeps a goroutine alive per type, and pools buffers of any size.
	dec := msgpack.NewDecoder(g)
	dec.DisableAllocLimit(true) // all lengths are proven; the limits only cost copies
	defer func() {
		// reflect.Set of a string into a field of type error, an array as key of a map[any]any, …
		if r := recover(); r != nil {
			err = &TypeError{Cause: fmt.Errorf("decoding %T: %v", v, r)}
		}
	}()
	err = dec.Decode(v)
	switch {
	case g.err != nil:
		return &TypeError{Cause: g.err}
	case err != nil:
		return &TypeError{Cause: err}
	case g.pos != len(b):
		return &TypeError{Cause: errors.New("a decoder left bytes unread")}
	}
	return nil
}
