package typed

import (
	"fmt"
	"io"
	"reflect"

	"github.com/zeebo/blake3"
)

// Fingerprint returns a digest of the registry: of its kinds and names, and of the shapes
// of its Go types. What was made of events by one registry, such as a saved state, is out
// of date under one with another fingerprint. It says nothing about the code of upcasts.
func (r *Types) Fingerprint() string {
	h := blake3.New()
	if r != nil {
		for _, kind := range r.sorted() {
			k := r.byKind[kind]
			fmt.Fprintf(h, "%v %s ", kind, k.name)
			shape(h, k.of, map[reflect.Type]bool{})
			fmt.Fprintln(h)
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:16])
}

// Shape returns a digest of the shape of a Go type: its fields with their tags, and those
// of the types in it.
func Shape(of reflect.Type) string {
	h := blake3.New()
	shape(h, of, map[reflect.Type]bool{})
	return fmt.Sprintf("%x", h.Sum(nil)[:16])
}

func shape(w io.Writer, t reflect.Type, inside map[reflect.Type]bool) {
	fmt.Fprint(w, t.String())
	if inside[t] { // a recursive type
		return
	}
	inside[t] = true
	defer delete(inside, t)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		fmt.Fprint(w, "(")
		shape(w, t.Elem(), inside)
		fmt.Fprint(w, ")")
	case reflect.Map:
		fmt.Fprint(w, "(")
		shape(w, t.Key(), inside)
		fmt.Fprint(w, ",")
		shape(w, t.Elem(), inside)
		fmt.Fprint(w, ")")
	case reflect.Struct:
		fmt.Fprint(w, "{")
		for i := range t.NumField() {
			f := t.Field(i)
			fmt.Fprintf(w, "%s %q ", f.Name, f.Tag)
			shape(w, f.Type, inside)
			fmt.Fprint(w, ";")
		}
		fmt.Fprint(w, "}")
	}
}
