package payload

import (
	"errors"
	"reflect"
	"sync"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/thawlog/thaw/core/payload"
)

// library lets the msgpack library decode the next value: into a type that decodes itself, or an ext.
func (d *decoder) library(v reflect.Value) error {
	start := d.at
	d.skip()
	g := &guard{b: d.b[start:d.at]}
	// Not msgpack.Unmarshal: that keeps a goroutine alive per type, and pools buffers of any size.
	dec := msgpack.NewDecoder(g)
	dec.DisableAllocLimit(true) // all lengths are proven; the limits only cost copies
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

// anyExt decodes an ext into the type that is registered for it.
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

// decodesItself reports whether t or a pointer to it has a method that decodes it.
func decodesItself(t reflect.Type) bool {
	if t.Name() != "" && t.PkgPath() == "" {
		return false // int, string and the like have no methods
	}
	if is, ok := decodesCache.Load(t); ok {
		return is.(bool)
	}
	is := implements(t, decoders) || implements(reflect.PointerTo(t), decoders)
	decodesCache.Store(t, is)
	return is
}
