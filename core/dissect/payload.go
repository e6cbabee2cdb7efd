package dissect

import (
	"strconv"

	"github.com/thawlog/thaw/core/msgpack"
)

// payloadOf adds the payload at the place of a walker, with the values that it encodes. It
// returns false for one that is no bytes.
func (d *dissector) payloadOf(w *walker, name string) bool {
	var r msgpack.Reader
	r.Reset(w.b[w.at:])
	head := 0
	var place func(i int) int // of byte i of the payload, in the frame
	what := "elements"
	if d.payload = r.ByteArray(nil); r.Err() == nil {
		head = arrayHead(len(d.payload))
		place = w.arrayPlaces(w.at + head)
	} else {
		r.Reset(w.b[w.at:])
		if d.payload = r.Bin(); r.Err() != nil {
			return false
		}
		head = r.Offset() - len(d.payload)
		from := w.place(w.at + head)
		place = func(i int) int { return from + i }
		what = "bytes"
	}
	d.hasPayload = true
	count := strconv.Itoa(len(d.payload))
	s := Span{At: w.place(w.at), Depth: w.depth, Name: name, Type: typeOf(w.b[w.at]), Value: count + " bytes"}
	end := w.at + r.Offset()
	s.Length = w.place(end) - s.At
	d.add(s)
	d.leaf(Span{At: s.At, Depth: w.depth + 1, Name: what, Type: s.Type, Value: count}, w.place(w.at+head))
	inner := walker{d: d, b: d.payload, most: min(len(d.spans)+MaxPayloadSpans, w.most), depth: w.depth + 1, place: place}
	if len(d.payload) > 0 {
		inner.value("value", nowhere)
	}
	inner.close("bytes after the value")
	w.at = end
	return true
}

// arrayPlaces returns where element i of an array of bytes begins, or the one before ends. i
// must not fall.
func (w *walker) arrayPlaces(from int) func(i int) int {
	at, element := from, 0
	return func(i int) int {
		for ; element < i; element++ {
			if at++; w.b[at-1] >= 0x80 {
				at++ // 0xcc and the byte
			}
		}
		return w.place(at)
	}
}

// arrayHead returns the bytes of the head of an array in its smallest form.
func arrayHead(n int) int {
	switch {
	case n < 16:
		return 1
	case n < 1<<16:
		return 3
	}
	return 5
}
