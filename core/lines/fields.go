package lines

import (
	"math"

	"github.com/thawlog/thaw/core/event"
)

// fields is where the fields of an object go, or where they come from: a writer appends
// them, a reader sets them. One function walks each structure for both, so each field
// is spelled once.
//
// An empty key stands for a value without one: an item of a list, or what follows
// nullable or optional.
type fields interface {
	// reads reports whether fields are set. A walk changes nothing it was given
	// unless they are: reports are shared.
	reads() bool
	begin(key string)
	end()
	text(key string, s *string)
	number(key string, n *uint64)
	integer(key string, n *int64)
	flag(key string, v *bool)
	// hex is some bytes in hexadecimal digits, of a fixed number.
	hex(key string, b []byte)
	kind(key string, k *event.Kind)
	// nullable writes null and returns false when nothing is there; else the value
	// follows. A reader returns whether anything was there.
	nullable(key string, there bool) bool
	// optional is nullable for a key that is left out, after which the object has no
	// other but optional ones.
	optional(key string, there bool) bool
	// list calls item for each of n items; a reader calls it until the list ends.
	list(key string, n int, item func(i int))
	// fail ends a reading: the value read last is not one.
	fail(wanted string)
}

// count returns a number that is an int.
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

// oneOfSet is a text of which a package has a fixed set.
type oneOfSet interface {
	~string
	Known() bool
}

// name returns a text that is one of those that this program knows. The empty one is the
// zero value, which knows nothing.
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
	f.fail("a name that this program knows")
}

// list walks the items of a list. An empty list is read as nil.
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
