package aggregate

import (
	"cmp"
	"reflect"
	"slices"
)

// shared reports whether two ways through a state lead to the same memory: after decoding
// they lead to two copies, and an event that changes one of them would miss the other. Fields
// that are not exported are left out: they are not encoded, or of a type that encodes itself.
func shared(state reflect.Value) bool {
	var m memory
	m.add(state)
	slices.SortFunc(m, func(a, b part) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(m); i++ {
		if m[i].from < m[i-1].to {
			return true
		}
	}
	return false
}

// memory is the parts of a state, one for each pointer, slice and map. A state that was
// encoded has no circles.
type memory []part

type part struct{ from, to uintptr }

func (m *memory) add(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return
		}
		if v.Kind() == reflect.Pointer {
			m.part(v, v.Type().Elem().Size())
		}
		m.add(v.Elem())
	case reflect.Map:
		if !v.IsNil() {
			m.part(v, 1)
		}
		for each := v.MapRange(); each.Next(); {
			m.add(each.Key())
			m.add(each.Value())
		}
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice {
			m.part(v, uintptr(v.Cap())*v.Type().Elem().Size())
		}
		if k := v.Type().Elem().Kind(); k <= reflect.Complex128 || k == reflect.String {
			return
		}
		for i := range v.Len() {
			m.add(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() || f.Anonymous {
				m.add(v.Field(i))
			}
		}
	}
}

func (m *memory) part(v reflect.Value, size uintptr) {
	if size > 0 {
		*m = append(*m, part{v.Pointer(), v.Pointer() + size})
	}
}
