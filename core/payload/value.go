package payload

// Value is one value of a payload. Of an array or a map it is only the head;
// the elements follow.
type Value struct {
	Kind  Kind
	Type  int8   // of an ext
	Count int    // elements of an array, pairs of a map
	Bits  uint64 // of a number: a KindInt in two's complement of 64 bits, a float as its bits
	Body  []byte // the bytes after the head, an alias of the input; empty for an array, a map and a fixnum
	End   int    // the offset after it
}

// ValueAt decodes the value at b[at]. The error is an [*Error]; it cannot
// happen at the start of a value in bytes that passed [Check].
func ValueAt(b []byte, at int) (Value, error) {
	h, err := headAt(b, at)
	if err != nil {
		return Value{}, err
	}
	v := Value{Kind: h.kind, End: at + h.span()}
	v.Body = b[at+h.size : v.End]
	switch h.kind {
	case KindInt:
		v.Bits = uint64(h.bodyInt(b, at))
	case KindUint, KindFloat32, KindFloat64:
		v.Bits = h.bodyUint(b, at)
	case KindExt:
		v.Type = h.extType(b, at)
	case KindArray, KindMap:
		v.Count = h.n
	}
	return v, nil
}

// Span returns the number of bytes of the first value of b, elements included.
// The error is an [*Error].
func Span(b []byte) (int, error) { return walk(b) }
