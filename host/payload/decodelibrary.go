package payload

import (
	"errors"
	"reflect"
	"sync"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/thawlog/thaw/core/payload"
)

// library decodes the next value with the msgpack library: an ext, or into a type with its own decoder.
func (d *decoder) library(v reflect.Value) error {
	start := d.at
	d.skip()
	g := &guard{b: d.b[start:d.at]}
	// Not msgpack.Unmarshal, which keeps a goroutine alive per type and pools buffers of any size.
	dec := msgpack.NewDecoder(g)
	dec.DisableAllocLimit(true) // all lengths are checked; the limits only cost copies
	dec.SetCustomStructTag(jsonTag)
	err := dec.DecodeValue(v)
	switch {
	case g.err != nil:
		return g.err
	case err != nil:
		return err
	case g.pos != len(g.b):
		return errors.New("a decoder left bytes unread")
	}
	return nil
}

// anyExt decodes an ext into the type registered for it.
func (d *decoder) anyExt(x payload.Value) (a any, err error) {
	if x.Type == timestampExt {
		t := reflect.New(timeType).Elem()
		err := d.time(t, x)
		return t.Interface(), err
	}
	err = d.library(reflect.ValueOf(&a).Elem())
	return a, err
}

var decodesCache sync.Map // reflect.Type to bool

// decodesItself reports whether t or a pointer to it has a decoding method.
func decodesItself(t reflect.Type) bool {
	if t.Name() != "" && t.PkgPath() == "" {
		return false // int, string and the like have no methods
	}
	if is, ok := decodesCache.Load(t); ok {
		return is.(bool)
	}
	is := implements(t, decodingMethods) || implements(reflect.PointerTo(t), decodingMethods)
	decodesCache.Store(t, is)
	return is
}
