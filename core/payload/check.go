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

// walk returns the offset after the first value of b.
func walk(b []byte) (end int, err error) {
	var owed [MaxDepth]int // values left in each open container
	depth := 0
	for {
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
