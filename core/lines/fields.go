package lines

import (
	"math"

	"github.com/thawlog/thaw/core/event"
)

// fields writes or reads the fields of an object. One function walks each
// structure for both, so each field has one spelling.
//
// An empty key stands for a value without a key: an item of a list, or the
// value after nullable or optional.
type fields interface {
	// reads reports whether this is a reader. A walk must not change the values
	// of a writer: reports are shared.
	reads() bool
	begin(key string)
	end()
	text(key string, s *string)
	number(key string, n *uint64)
	integer(key string, n *int64)
	flag(key string, v *bool)
	// hex walks a fixed number of bytes as hexadecimal digits.
	hex(key string, b []byte)
	kind(key string, k *event.Kind)
	// nullable writes null and returns false unless there is set; otherwise the
	// value follows. A reader returns whether the value is not null.
	nullable(key string, there bool) bool
	// optional is nullable for a key that may be missing. Only optional keys
	// may follow it in the object.
	optional(key string, there bool) bool
	// list calls item for each of n items; a reader calls it until the list
	// ends.
	list(key string, n int, item func(i int))
	// fail stops a reader: the last value is invalid.
	fail(wanted string)
}

// count walks a number that is an int.
func count(f fields, key string, n *int) {
	wide := uint64(*n)
	f.number(key, &wide)
	if !f.reads() {
		return
	}
	if wide > math.MaxInt {
		f.fail("a number that fits an int")
		return
	}
	*n = int(wide)
}

// oneOfSet is a string type with a fixed set of values.
type oneOfSet interface {
	~string
	Known() bool
}

// name walks a text of a fixed set. The empty text is valid too: it is the zero
// value.
func name[S oneOfSet](f fields, key string, s *S) {
	text := string(*s)
	f.text(key, &text)
	if !f.reads() {
		return
	}
	if n := S(text); n == "" || n.Known() {
		*s = n
		return
	}
	f.fail("a known name")
}

// list walks the items of a list. It reads an empty list as nil.
func list[T any](f fields, key string, items *[]T, walk func(fields, *T)) {
	f.list(key, len(*items), func(i int) {
		if !f.reads() {
			walk(f, &(*items)[i])
			return
		}
		var item T
		walk(f, &item)
		*items = append(*items, item)
	})
}

// pointers is list for pointers.
func pointers[T any](f fields, key string, items *[]*T, walk func(fields, *T)) {
	list(f, key, items, func(f fields, item **T) {
		if f.reads() {
			*item = new(T)
		}
		walk(f, *item)
	})
}
