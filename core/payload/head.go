package payload

import "encoding/binary"

// kind is what the first byte of a value says it is.
type kind uint8

const (
	kindInvalid kind = iota
	kindNil
	kindFalse
	kindTrue
	kindInt  // signed, negative fixnums included; the body is the last n bytes, or the byte itself when n is 0
	kindUint // unsigned, positive fixnums included
	kindFloat32
	kindFloat64
	kindStr
	kindBin
	kindExt
	kindArray
	kindMap
)

// head is the beginning of a value: the code byte with its length field and, for an ext, its type byte.
type head struct {
	kind kind
	size int // bytes of the head itself
	n    int // bytes of body that follow, or elements of an array, or pairs of a map
}

func (h head) container() bool { return h.kind == kindArray || h.kind == kindMap }

// span returns the bytes the head and its body take; of a container only the head.
func (h head) span() int {
	if h.container() {
		return h.size
	}
	return h.size + h.n
}

// wide describes the codes 0xc0 to 0xdf: either a length field of width bytes or a fixed body of n bytes.
var wide = [32]struct {
	kind  kind
	width uint8
	n     uint8
}{
	0x00: {kindNil, 0, 0},
	0x01: {kindInvalid, 0, 0},
	0x02: {kindFalse, 0, 0},
	0x03: {kindTrue, 0, 0},
	0x04: {kindBin, 1, 0},
	0x05: {kindBin, 2, 0},
	0x06: {kindBin, 4, 0},
	0x07: {kindExt, 1, 0},
	0x08: {kindExt, 2, 0},
	0x09: {kindExt, 4, 0},
	0x0a: {kindFloat32, 0, 4},
	0x0b: {kindFloat64, 0, 8},
	0x0c: {kindUint, 0, 1},
	0x0d: {kindUint, 0, 2},
	0x0e: {kindUint, 0, 4},
	0x0f: {kindUint, 0, 8},
	0x10: {kindInt, 0, 1},
	0x11: {kindInt, 0, 2},
	0x12: {kindInt, 0, 4},
	0x13: {kindInt, 0, 8},
	0x14: {kindExt, 0, 1},
	0x15: {kindExt, 0, 2},
	0x16: {kindExt, 0, 4},
	0x17: {kindExt, 0, 8},
	0x18: {kindExt, 0, 16},
	0x19: {kindStr, 1, 0},
	0x1a: {kindStr, 2, 0},
	0x1b: {kindStr, 4, 0},
	0x1c: {kindArray, 2, 0},
	0x1d: {kindArray, 4, 0},
	0x1e: {kindMap, 2, 0},
	0x1f: {kindMap, 4, 0},
}

// headAt reads the head at b[at]. The body, or the smallest possible elements, are known to fit in b when the error
// is nil; the error is otherwise an *Error with the offset at.
func headAt(b []byte, at int) (head, error) {
	if at >= len(b) {
		return head{}, fail(ErrTruncated, at, "a value is missing")
	}
	var h head
	var n uint64 // compared with what is left before it becomes an int
	switch c := b[at]; {
	case c <= 0x7f:
		return head{kind: kindUint, size: 1}, nil
	case c >= 0xe0:
		return head{kind: kindInt, size: 1}, nil
	case c <= 0x8f:
		h, n = head{kind: kindMap, size: 1}, uint64(c&0x0f)
	case c <= 0x9f:
		h, n = head{kind: kindArray, size: 1}, uint64(c&0x0f)
	case c <= 0xbf:
		h, n = head{kind: kindStr, size: 1}, uint64(c&0x1f)
	default:
		w := wide[c-0xc0]
		if w.kind == kindInvalid {
			return head{}, fail(ErrMalformed, at, "the code 0xc1 is never used")
		}
		h, n = head{kind: w.kind, size: 1 + int(w.width)}, uint64(w.n)
		if w.kind == kindExt {
			h.size++ // the type byte, after the length
		}
		if h.size > len(b)-at {
			return head{}, fail(ErrTruncated, at, "a length is cut short")
		}
		switch w.width {
		case 1:
			n = uint64(b[at+1])
		case 2:
			n = uint64(binary.BigEndian.Uint16(b[at+1:]))
		case 4:
			n = uint64(binary.BigEndian.Uint32(b[at+1:]))
		}
	}
	least := n // the fewest bytes that can follow: one per element
	if h.kind == kindMap {
		least = 2 * n
	}
	if least > uint64(len(b)-at-h.size) {
		return head{}, fail(ErrTruncated, at, "more is claimed than is left")
	}
	h.n = int(n)
	return h, nil
}

// extType returns the type of an ext: the last byte of its head.
func (h head) extType(b []byte, at int) int8 { return int8(b[at+h.size-1]) }

// bodyUint returns a fixed-width body of up to eight bytes, or the code byte itself when it is a fixnum.
func (h head) bodyUint(b []byte, at int) uint64 {
	body := b[at+h.size:]
	switch h.n {
	case 0:
		return uint64(b[at])
	case 1:
		return uint64(body[0])
	case 2:
		return uint64(binary.BigEndian.Uint16(body))
	case 4:
		return uint64(binary.BigEndian.Uint32(body))
	}
	return binary.BigEndian.Uint64(body)
}

// bodyInt is bodyUint for signed kinds.
func (h head) bodyInt(b []byte, at int) int64 {
	u := h.bodyUint(b, at)
	switch h.n {
	case 0, 1:
		return int64(int8(u))
	case 2:
		return int64(int16(u))
	case 4:
		return int64(int32(u))
	}
	return int64(u)
}

// Next steps over the head of the value at b[at], and over its body unless it is an array or a map, whose elements
// come next. ext says that the value is an ext, whose body begins at body and is opaque. The error is an [*Error].
func Next(b []byte, at int) (body, end int, ext bool, err error) {
	h, err := headAt(b, at)
	if err != nil {
		return 0, 0, false, err
	}
	return at + h.size, at + h.span(), h.kind == kindExt, nil
}

// Text returns the text of the string that b begins with; ok is false when it begins with another value.
func Text(b []byte) (text []byte, ok bool) { return strAt(b, 0) }
