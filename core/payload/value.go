package payload

// Value is one value of a payload; of an array or a map only the head, and its elements come next.
type Value struct {
	Kind  Kind
	Type  int8   // of an ext
	Count int    // elements of an array, pairs of a map
	Bits  uint64 // of a number: a KindInt in two's complement of 64 bits, a float as its bits
	Body  []byte // what follows the head, within the bytes given; empty for an array, a map and a fixnum
	End   int    // the offset after it
}

// ValueAt reads the value at b[at]. The error is an [*Error] and cannot happen in bytes that passed [Check] where a
// value begins.
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

// Span returns how many bytes the first value of b takes, elements included. The error is an [*Error].
func Span(b []byte) (int, error) { return walk(b) }
