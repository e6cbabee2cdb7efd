package lines

import (
	"strconv"

	"github.com/thawlog/thaw/core/event"
)

const null = "null"

// writer appends fields.
type writer struct{ b []byte }

func (w *writer) reads() bool { return false }

func (w *writer) key(key string) {
	if key == "" {
		return
	}
	if w.b[len(w.b)-1] != '{' {
		w.b = append(w.b, ',')
	}
	w.b = append(append(append(w.b, '"'), key...), '"', ':')
}

func (w *writer) begin(key string) {
	w.key(key)
	w.b = append(w.b, '{')
}

func (w *writer) end() { w.b = append(w.b, '}') }

func (w *writer) text(key string, s *string) {
	w.key(key)
	w.b = appendText(w.b, *s)
}

func (w *writer) number(key string, n *uint64) {
	w.key(key)
	w.b = strconv.AppendUint(w.b, *n, 10)
}

func (w *writer) integer(key string, n *int64) {
	w.key(key)
	w.b = strconv.AppendInt(w.b, *n, 10)
}

func (w *writer) flag(key string, v *bool) {
	w.key(key)
	w.b = strconv.AppendBool(w.b, *v)
}

func (w *writer) hex(key string, b []byte) {
	w.key(key)
	w.b = append(appendHex(append(w.b, '"'), b), '"')
}

func (w *writer) kind(key string, k *event.Kind) {
	w.key(key)
	w.b = appendKind(w.b, *k)
}

func (w *writer) nullable(key string, there bool) bool {
	w.key(key)
	if !there {
		w.b = append(w.b, null...)
	}
	return there
}

func (w *writer) optional(key string, there bool) bool {
	if there {
		w.key(key)
	}
	return there
}

func (w *writer) list(key string, n int, item func(i int)) {
	w.key(key)
	w.b = append(w.b, '[')
	for i := range n {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		item(i)
	}
	w.b = append(w.b, ']')
}

func (w *writer) fail(string) {}

// appendLine appends the line that walk writes, and a newline.
func appendLine(dst []byte, walk func(fields)) []byte {
	w := &writer{b: dst}
	walk(w)
	return append(w.b, '\n')
}
