package payload

import (
	"reflect"
	"slices"
	"strings"
	"sync"
)

// Which fields of a struct are written, under which names: the rules of msgpack/v5, so that Unmarshal, which is the
// library's, finds what Marshal, which is ours, wrote. A test compares the two encoders.

type field struct {
	name      string
	index     []int
	omitEmpty bool
}

// of returns the field of v, and false behind an embedded pointer that is nil.
func (f *field) of(v reflect.Value) (reflect.Value, bool) {
	for i, n := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return reflect.Value{}, false
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	return v, true
}

type fields struct {
	list      []*field
	names     map[string]bool // of the list and of inlined structs
	asArray   bool
	omitEmpty bool // at least one field has it
}

var fieldCache sync.Map // reflect.Type to *fields

func fieldsOf(t reflect.Type) *fields {
	if f, ok := fieldCache.Load(t); ok {
		return f.(*fields)
	}
	f := collect(t, nil)
	fieldCache.Store(t, f)
	return f
}

// collect lists the fields of t, which is embedded in the structs of path.
func collect(t reflect.Type, path []reflect.Type) *fields {
	fs := &fields{names: map[string]bool{}}
	path = append(slices.Clip(path), t)
	omitAll := false
	for i := range t.NumField() {
		sf := t.Field(i)
		name, options, _ := strings.Cut(sf.Tag.Get("msgpack"), ",")
		has := func(o string) bool { return slices.Contains(strings.Split(options, ","), o) }
		if name == "-" {
			continue
		}
		if sf.Name == "_msgpack" {
			fs.asArray = has("as_array") || has("asArray")
			omitAll = omitAll || has("omitempty")
		}
		if !sf.IsExported() && !(sf.Anonymous && structBelow(sf.Type)) {
			continue // an unexported embedded int is written by the library but can never be read back
		}
		if name == "" {
			name = sf.Name
		}
		f := &field{name: name, index: sf.Index, omitEmpty: omitAll || has("omitempty")}
		if sf.Anonymous && !has("noinline") && fs.inline(sf.Type, f, has("inline"), path) {
			fs.names[name] = true
			continue
		}
		fs.add(f)
	}
	return fs
}

func (fs *fields) add(f *field) {
	fs.list = append(fs.list, f)
	fs.names[f.name] = true
	fs.omitEmpty = fs.omitEmpty || f.omitEmpty
}

// inline adds the fields of the embedded struct t in the place of f. Unless forced, it does so only when none of
// their names is taken; forced, it leaves those out.
func (fs *fields) inline(t reflect.Type, f *field, forced bool, path []reflect.Type) bool {
	if !structBelow(t) {
		return false
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if slices.Contains(path, t) || hasOwnForm(t) && !forced {
		return false
	}
	inner := collect(t, path).list
	taken := func(g *field) bool { return fs.names[g.name] }
	if !forced && slices.ContainsFunc(inner, taken) {
		return false
	}
	for _, g := range inner {
		if !taken(g) {
			g.index = append(slices.Clip(f.index), g.index...)
			fs.add(g)
		}
	}
	return true
}

func structBelow(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct
}

// present returns the fields of v that are written.
func (fs *fields) present(v reflect.Value) []*field {
	if !fs.omitEmpty {
		return fs.list
	}
	var out []*field
	for _, f := range fs.list {
		if fv, ok := f.of(v); ok && !(f.omitEmpty && isEmpty(fv)) {
			out = append(out, f)
		}
	}
	return out
}

func isEmpty(v reflect.Value) bool {
	for v.Kind() == reflect.Interface {
		if v.IsNil() {
			return true
		}
		v = v.Elem()
	}
	if nilable(v.Kind()) && v.IsNil() {
		return true
	}
	if v.CanInterface() {
		if z, ok := v.Interface().(interface{ IsZero() bool }); ok {
			return z.IsZero()
		}
	}
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return len(fieldsOf(v.Type()).present(v)) == 0
	}
	return v.IsZero()
}

func nilable(k reflect.Kind) bool {
	return k == reflect.Pointer || k == reflect.Map || k == reflect.Slice
}
