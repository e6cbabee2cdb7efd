package payload

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	wire "github.com/thawlog/thaw/core/msgpack"
)

// The fields of a struct to encode and their names: the rules of msgpack/v5, and of encoding/json for a field with a
// json tag and no msgpack tag. A test compares with the library's encoder.

// jsonTag is the tag used if there is no msgpack tag.
const jsonTag = "json"

type field struct {
	name      string
	index     []int
	omitEmpty bool
	omitZero  bool // the json option

	number  int // from 0, different for each field of a struct
	next    int // index in the list of the field after this one
	decoder *lazyDecode
	encoder *lazyEncode
	head    []byte // the name as MessagePack
	// direct reports whether it is the length, nil or the zero value that makes the field
	// empty, and whether it is zero without a look at its methods.
	direct bool
}

// omitted reports whether the field is not to be encoded: it is empty, or in a nil embedded pointer.
func (f *field) omitted(v reflect.Value) bool {
	fv, ok := f.of(v)
	switch {
	case !ok:
		return true
	case !f.omitEmpty && !f.omitZero:
		return false
	case !f.direct:
		return f.omitEmpty && isEmpty(fv) || f.omitZero && isZero(fv)
	case f.omitEmpty:
		switch fv.Kind() {
		case reflect.Map, reflect.Slice, reflect.String:
			return fv.Len() == 0
		}
	}
	return fv.IsZero()
}

// isDirect reports whether a value of t is empty by its length, or when it is zero.
func isDirect(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array, reflect.Interface, reflect.Struct:
		return false
	}
	return !t.Implements(reflect.TypeFor[interface{ IsZero() bool }]())
}

// of returns the field of v, and false if it is in a nil embedded pointer.
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

// make is of for setting the field: it allocates nil embedded pointers.
func (f *field) make(v reflect.Value) (reflect.Value, error) {
	for i, n := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !v.CanSet() {
					return v, fmt.Errorf("cannot set an embedded pointer to unexported %s", v.Type().Elem())
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	return v, nil
}

type fields struct {
	list    []*field
	names   map[string]*field // of the list, inlined structs and aliases
	asArray bool
	omits   bool   // at least one field may be omitted
	twice   string // a name of two fields of the list; Unmarshal would find only one
	// inOrder reports whether a name of a field in the list means that field.
	inOrder bool
	numbers int // how many numbers the fields have
}

var fieldCache sync.Map // reflect.Type to *fields

func fieldsOf(t reflect.Type) *fields {
	if f, ok := fieldCache.Load(t); ok {
		return f.(*fields)
	}
	f := collect(t, nil)
	f.finish(t)
	fieldCache.Store(t, f)
	return f
}

// finish fills in what decoding needs.
func (fs *fields) finish(t reflect.Type) {
	fs.inOrder = true
	numbered := map[*field]bool{}
	number := func(f *field) {
		if !numbered[f] {
			numbered[f] = true
			f.number, fs.numbers = fs.numbers, fs.numbers+1
			ft := t.FieldByIndex(f.index).Type
			f.decoder, f.encoder = &lazyDecode{t: ft}, &lazyEncode{t: ft}
			f.head = wire.AppendStr(nil, f.name)
			f.direct = isDirect(ft)
		}
	}
	for i, f := range fs.list {
		number(f)
		f.next = i + 1
		fs.inOrder = fs.inOrder && fs.names[f.name] == f
	}
	for _, f := range fs.names {
		number(f)
	}
}

// collect lists the fields of t, which is embedded in the structs of path.
func collect(t reflect.Type, path []reflect.Type) *fields {
	fs := &fields{names: map[string]*field{}}
	path = append(slices.Clip(path), t)
	omitAll := false
	for i := range t.NumField() {
		sf := t.Field(i)
		tag, isJSON := sf.Tag.Get("msgpack"), false
		if tag == "" {
			tag, isJSON = sf.Tag.Get(jsonTag), true
		}
		name, options, more := strings.Cut(tag, ",")
		has := func(o string) bool { return slices.Contains(strings.Split(options, ","), o) }
		if name == "-" && !(isJSON && more) { // json:"-," means the name -
			continue
		}
		if sf.Name == "_msgpack" {
			fs.asArray = has("as_array") || has("asArray")
			omitAll = omitAll || has("omitempty")
		}
		if !sf.IsExported() && !(sf.Anonymous && structBelow(sf.Type)) {
			continue // the library writes an unexported embedded int, but cannot read it back
		}
		nested := has("noinline") || isJSON && name != ""
		if name == "" {
			name = sf.Name
		}
		f := &field{name: name, index: sf.Index, omitEmpty: omitAll || has("omitempty"), omitZero: isJSON && has("omitzero")}
		if sf.Anonymous && !nested && fs.inline(sf.Type, f, has("inline"), path) {
			if fs.names[name] == nil { // the whole struct, as the library reads it
				fs.names[name] = f
			}
			continue
		}
		fs.add(f)
		for o := range strings.SplitSeq(options, ",") {
			if alias, ok := strings.CutPrefix(o, "alias:"); ok && !isJSON {
				fs.names[alias] = f
			}
		}
	}
	return fs
}

func (fs *fields) add(f *field) {
	if slices.ContainsFunc(fs.list, func(g *field) bool { return g.name == f.name }) {
		fs.twice = f.name
	}
	fs.list = append(fs.list, f)
	fs.names[f.name] = f
	fs.omits = fs.omits || f.omitEmpty || f.omitZero
}

// inline adds the fields of the embedded struct t in place of f. Unless forced, it does so only if all their names
// are free; forced, it omits taken names.
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
	inner := collect(t, path)
	taken := func(g *field) bool { return fs.names[g.name] != nil }
	if !forced && slices.ContainsFunc(inner.list, taken) {
		return false
	}
	fs.twice = cmp.Or(fs.twice, inner.twice)
	for _, g := range inner.list {
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

// present returns the fields of v to encode.
func (fs *fields) present(v reflect.Value) []*field {
	if !fs.omits {
		return fs.list
	}
	var out []*field
	for _, f := range fs.list {
		if !f.omitted(v) {
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

// isZero implements the omitzero rule of encoding/json.
func isZero(v reflect.Value) bool {
	if v.CanInterface() && !(v.Kind() == reflect.Pointer && v.IsNil()) {
		if z, ok := v.Interface().(interface{ IsZero() bool }); ok {
			return z.IsZero()
		}
	}
	return v.IsZero()
}

func nilable(k reflect.Kind) bool {
	return k == reflect.Pointer || k == reflect.Map || k == reflect.Slice
}
