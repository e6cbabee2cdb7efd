package dissect

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/thawlog/thaw/core/payload"
)

const (
	// maxDepth bounds the nesting of values. It is more than a sound frame has.
	maxDepth = payload.MaxDepth + 16
	// maxText and maxHex bound the text of a value, in bytes.
	maxText = 256
	maxHex  = 64
	// maxPath bounds a path of keys: those that mean something are shorter.
	maxPath = 64
	// nowhere is a path of values that mean nothing.
	nowhere = "?"
)

// walker adds the spans of MessagePack.
type walker struct {
	d  *dissector
	b  []byte
	at int
	// place returns the offset in the frame of byte i of b. i must not fall.
	place func(i int) int
	most  int // spans of the dissector
	depth int
	// special, when set, adds a value that means more than its encoding, or returns false.
	special func(w *walker, path, name string) bool
	// stopped is set where the walk cannot go on, and why is the reason, "" when there are too
	// many spans.
	stopped bool
	why     string
}

// close adds a leaf for the bytes that the walk did not reach.
func (w *walker) close(trailing string) {
	s := Span{At: w.place(w.at), Depth: w.depth, Name: "unread", Value: w.why, Fits: Differs}
	switch {
	case !w.stopped:
		s.Value = trailing
	case w.why == "":
		s.Name, s.Fits = "rest", Undetermined
		s.Value = strconv.Itoa(len(w.b)-w.at) + " bytes"
	}
	w.d.leaf(s, w.place(len(w.b)))
	w.at = len(w.b)
}

// stop ends the walk.
func (w *walker) stop(why string) {
	if !w.stopped {
		w.stopped, w.why = true, why
	}
}

// head decodes the value at the walker's place.
func (w *walker) head() (v payload.Value, ok bool) {
	if w.stopped {
		return v, false
	}
	if len(w.d.spans) >= w.most || w.depth >= maxDepth {
		w.stop("")
		return v, false
	}
	v, err := payload.ValueAt(w.b, w.at)
	if err != nil {
		w.stop(err.Error())
		return v, false
	}
	return v, true
}

// value adds one value. Its path are the keys that lead to it.
func (w *walker) value(name, path string) {
	v, ok := w.head()
	if !ok || w.special != nil && w.special(w, path, name) {
		return
	}
	s := Span{At: w.place(w.at), Depth: w.depth, Name: name, Type: typeOf(w.b[w.at])}
	if v.Kind != payload.KindArray && v.Kind != payload.KindMap {
		s.Value = textOf(v, w.b[w.at:v.End])
		w.d.leaf(s, w.place(v.End))
		w.at = v.End
		return
	}
	at := w.d.add(s)
	w.depth++
	w.d.spans[at].Value = w.inside(v, path)
	w.depth--
	w.d.spans[at].Length = w.place(w.at) - s.At
}

// inside adds the head of an array or a map, and its elements. It returns how many they are.
func (w *walker) inside(v payload.Value, path string) string {
	count := strconv.Itoa(v.Count)
	s := Span{At: w.place(w.at), Depth: w.depth, Name: "elements", Type: typeOf(w.b[w.at]), Value: count}
	add := func(i int) { w.value(strconv.Itoa(i), nowhere) }
	if v.Kind == payload.KindMap {
		s.Name = "pairs"
		add = func(int) { w.pair(path) }
	}
	w.d.leaf(s, w.place(v.End))
	w.at = v.End
	for i := 0; i < v.Count && !w.stopped; i++ {
		add(i)
	}
	if v.Count == 1 {
		return "1 " + s.Name[:len(s.Name)-1]
	}
	return count + " " + s.Name
}

// pair adds a key and its value.
func (w *walker) pair(path string) {
	name := "value"
	if v, ok := w.head(); ok && v.Kind != payload.KindArray && v.Kind != payload.KindMap {
		name = textOf(v, w.b[w.at:v.End])
	}
	w.value("key", nowhere)
	if path != "" {
		path += "."
	}
	if path += name; len(path) > maxPath {
		path = nowhere
	}
	w.value(name, path)
}

// textOf returns the text of a value that is neither an array nor a map.
func textOf(v payload.Value, raw []byte) string {
	switch v.Kind {
	case payload.KindNil:
		return "nil"
	case payload.KindFalse:
		return "false"
	case payload.KindTrue:
		return "true"
	case payload.KindInt:
		return strconv.FormatInt(int64(v.Bits), 10)
	case payload.KindUint:
		return strconv.FormatUint(v.Bits, 10)
	case payload.KindFloat32:
		return strconv.FormatFloat(float64(math.Float32frombits(uint32(v.Bits))), 'g', -1, 32)
	case payload.KindFloat64:
		return strconv.FormatFloat(math.Float64frombits(v.Bits), 'g', -1, 64)
	case payload.KindStr:
		return cut(v.Body)
	case payload.KindExt:
		return "type " + strconv.Itoa(int(v.Type)) + ": " + hexOf(v.Body)
	}
	return hexOf(v.Body)
}

// cut returns the beginning of a text.
func cut(b []byte) string {
	if len(b) <= maxText {
		return string(b)
	}
	n := maxText
	for n > maxText-utf8.UTFMax && !utf8.RuneStart(b[n]) {
		n--
	}
	return string(b[:n]) + "…"
}

// hexOf returns the beginning of bytes in hexadecimal.
func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var out []byte
	for _, c := range b[:min(len(b), maxHex)] {
		out = append(out, digits[c>>4], digits[c&15])
	}
	if len(b) > maxHex {
		return string(out) + "…"
	}
	return string(out)
}
