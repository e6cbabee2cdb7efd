package payload

// MaxSize is the longest payload, in bytes of MessagePack: the format's bound on a whole frame.
const MaxSize = 256 << 20

// MaxDepth is how many arrays and maps may be open at once. A lone scalar has depth 0, [] has depth 1.
const MaxDepth = 64

// Check reports whether b is exactly one MessagePack value within MaxSize and MaxDepth. It allocates nothing, uses
// a fixed amount of stack and looks at each value once. Strings need not be UTF-8, map keys may be of any type and
// may repeat, and forms wider than necessary are accepted.
//
// An error is an [*Error] holding the offset of the value at fault and one of ErrTruncated, ErrTrailing,
// ErrMalformed, ErrTooDeep, ErrTooLarge.
func Check(b []byte) error {
	if len(b) > MaxSize {
		return fail(ErrTooLarge, MaxSize, "")
	}
	end, err := walk(b)
	if err != nil {
		return err
	}
	if end < len(b) {
		return fail(ErrTrailing, end, "")
	}
	return nil
}

// short has the size of a value with this first byte, if that decides it and the value
// is no container; otherwise 0.
var short = func() (n [256]uint8) {
	for c := range n {
		switch {
		case c <= 0x7f, c >= 0xe0, c == 0xc0, c == 0xc2, c == 0xc3:
			n[c] = 1
		case c >= 0xa0 && c <= 0xbf:
			n[c] = 1 + uint8(c&0x1f)
		case c == 0xcc, c == 0xd0:
			n[c] = 2
		case c == 0xcd, c == 0xd1:
			n[c] = 3
		case c == 0xca, c == 0xce, c == 0xd2:
			n[c] = 5
		case c == 0xcb, c == 0xcf, c == 0xd3:
			n[c] = 9
		}
	}
	return n
}()

// walk returns the offset after the first value of b.
func walk(b []byte) (end int, err error) {
	if n := shorts(b, 1); n.values == 1 {
		return n.bytes, nil
	}
	var owed [MaxDepth]int // values left in each open container
	depth := 0
	for {
		if depth > 0 {
			n := shorts(b[end:], owed[depth-1])
			owed[depth-1] -= n.values
			end += n.bytes
		}
		if depth == 0 || owed[depth-1] > 0 {
			h, err := headAt(b, end)
			if err != nil {
				return 0, err
			}
			if h.container() {
				if depth == MaxDepth {
					return 0, fail(ErrTooDeep, end, "")
				}
				owed[depth] = h.n
				if h.kind == KindMap {
					owed[depth] *= 2
				}
				depth++
			} else if depth > 0 {
				owed[depth-1]--
			}
			end += h.span()
		}
		// Close every container that is complete; a closed one counts as a value of the one around it.
		for depth > 0 && owed[depth-1] == 0 {
			depth--
			if depth > 0 {
				owed[depth-1]--
			}
		}
		if depth == 0 {
			return end, nil
		}
	}
}

// extent is a number of values and the bytes that they take.
type extent struct{ values, bytes int }

// shorts returns how many of the next most values are whole and need no look at their
// head beyond the first byte: small integers, short strings and the like, which most values of a payload are.
func shorts(b []byte, most int) (n extent) {
	for n.values < most && n.bytes < len(b) {
		size := int(short[b[n.bytes]])
		if size == 0 || size > len(b)-n.bytes {
			break
		}
		n.bytes += size
		n.values++
	}
	return n
}
