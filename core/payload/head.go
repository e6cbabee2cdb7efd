package payload

import "encoding/binary"

// Kind is the type of a value, from its first byte.
type Kind uint8

const (
	KindInvalid Kind = iota
	KindNil
	KindFalse
	KindTrue
	KindInt  // signed, negative fixnums included; a fixnum has no body
	KindUint // unsigned, positive fixnums included
	KindFloat32
	KindFloat64
	KindStr
	KindBin
	KindExt
	KindArray
	KindMap
)

// head is the beginning of a value: the code byte with its length field and, for an ext, its type byte.
type head struct {
	kind Kind
	size int // bytes of the head itself
	n    int // bytes of body that follow, or elements of an array, or pairs of a map
}

func (h head) container() bool { return h.kind == KindArray || h.kind == KindMap }

// span returns the bytes the head and its body take; of a container only the head.
func (h head) span() int {
	if h.container() {
		return h.size
	}
	return h.size + h.n
}

// wide describes the codes 0xc0 to 0xdf: either a length field of width bytes or a fixed body of n bytes.
var wide = [32]struct {
	kind  Kind
	width uint8
	n     uint8
}{
	0x00: {KindNil, 0, 0},
	0x01: {KindInvalid, 0, 0},
	0x02: {KindFalse, 0, 0},
	0x03: {KindTrue, 0, 0},
	0x04: {KindBin, 1, 0},
	0x05: {KindBin, 2, 0},
	0x06: {KindBin, 4, 0},
	0x07: {KindExt, 1, 0},
	0x08: {KindExt, 2, 0},
	0x09: {KindExt, 4, 0},
	0x0a: {KindFloat32, 0, 4},
	0x0b: {KindFloat64, 0, 8},
	0x0c: {KindUint, 0, 1},
	0x0d: {KindUint, 0, 2},
	0x0e: {KindUint, 0, 4},
	0x0f: {KindUint, 0, 8},
	0x10: {KindInt, 0, 1},
	0x11: {KindInt, 0, 2},
	0x12: {KindInt, 0, 4},
	0x13: {KindInt, 0, 8},
	0x14: {KindExt, 0, 1},
	0x15: {KindExt, 0, 2},
	0x16: {KindExt, 0, 4},
	0x17: {KindExt, 0, 8},
	0x18: {KindExt, 0, 16},
	0x19: {KindStr, 1, 0},
	0x1a: {KindStr, 2, 0},
	0x1b: {KindStr, 4, 0},
	0x1c: {KindArray, 2, 0},
	0x1d: {KindArray, 4, 0},
	0x1e: {KindMap, 2, 0},
	0x1f: {KindMap, 4, 0},
}

// headAt reads the head at b[at]. The body, or the smallest possible elements, are known to fit in b when the error
// is nil; the error is otherwise an *Error with the offset at.
func headAt(b []byte, at int) (head, error) {
	if at >= len(b) {
		return head{}, fail(ErrTruncated, at, "a value is missing")
	}
	var h head
	var n uint64 // compared with the bytes left before the conversion to int
	switch c := b[at]; {
	case c <= 0x7f:
		return head{kind: KindUint, size: 1}, nil
	case c >= 0xe0:
		return head{kind: KindInt, size: 1}, nil
	case c <= 0x8f:
		h, n = head{kind: KindMap, size: 1}, uint64(c&0x0f)
	case c <= 0x9f:
		h, n = head{kind: KindArray, size: 1}, uint64(c&0x0f)
	case c <= 0xbf:
		h, n = head{kind: KindStr, size: 1}, uint64(c&0x1f)
	default:
		w := wide[c-0xc0]
		if w.kind == KindInvalid {
			return head{}, fail(ErrMalformed, at, "the code 0xc1 is never used")
		}
		h, n = head{kind: w.kind, size: 1 + int(w.width)}, uint64(w.n)
		if w.kind == KindExt {
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
	if h.kind == KindMap {
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

// Text returns the text of the string that b begins with; ok is false when it begins with another value.
func Text(b []byte) (text []byte, ok bool) { return strAt(b, 0) }
