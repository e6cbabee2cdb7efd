package msgpack

// Skip reads one value of any type and returns its bytes, which alias the
// input. It follows containers to a depth of 128 without recursion. It accepts
// any spelling, since payloads are not the store's own structures.
func (r *Reader) Skip() []byte {
	var open [maxDepth]uint64 // values left, per open container
	depth, start := 0, r.off
	open[0] = 1
	for r.err == nil {
		for open[depth] == 0 {
			if depth == 0 {
				return r.b[start:r.off:r.off]
			}
			depth--
		}
		open[depth]--
		if inner := r.skipHead(); inner > 0 {
			if inner > uint64(r.Left()) {
				r.Fail(ErrShort)
				break
			}
			if depth++; depth == maxDepth {
				r.Fail(ErrDepth)
				break
			}
			open[depth] = inner
		}
	}
	return nil
}

// skipHead consumes a scalar, or the head of a container, and returns the
// number of values in it.
func (r *Reader) skipHead() uint64 {
	switch h := r.head(); {
	case h < 0x80, h >= 0xe0, h == 0xc0, h == 0xc2, h == 0xc3:
		r.take(1)
	case h&0xf0 == 0x80:
		r.take(1)
		return 2 * uint64(h&0x0f)
	case h&0xf0 == 0x90:
		r.take(1)
		return uint64(h & 0x0f)
	case h&0xe0 == 0xa0:
		r.take(1 + uint64(h&0x1f))
	case h == 0xdc:
		return r.number(2)
	case h == 0xdd:
		return r.number(4)
	case h == 0xde:
		return 2 * r.number(2)
	case h == 0xdf:
		return 2 * r.number(4)
	default:
		if n := scalarSize(h); n != 0 {
			r.take(n)
			return 0
		}
		width, extra := runHead(h)
		if width == 0 {
			r.Fail(ErrType) // 0xc1, which the format never uses
			return 0
		}
		r.take(r.number(width) + extra)
	}
	return 0
}

// scalarSize returns the size of a value of fixed size, head included.
func scalarSize(h byte) uint64 {
	switch h {
	case 0xcc, 0xd0:
		return 2
	case 0xcd, 0xd1, 0xd4: // fixext 1 has a type byte besides
		return 3
	case 0xd5:
		return 4
	case 0xca, 0xce, 0xd2:
		return 5
	case 0xd6:
		return 6
	case 0xcb, 0xcf, 0xd3:
		return 9
	case 0xd7:
		return 10
	case 0xd8:
		return 18
	}
	return 0
}

// runHead returns the size of the length field of a string, binary or ext, and
// the number of bytes beyond that length.
func runHead(h byte) (width int, extra uint64) {
	switch h {
	case 0xc4, 0xd9:
		return 1, 0
	case 0xc5, 0xda:
		return 2, 0
	case 0xc6, 0xdb:
		return 4, 0
	case 0xc7:
		return 1, 1
	case 0xc8:
		return 2, 1
	case 0xc9:
		return 4, 1
	}
	return 0, 0
}
