package engine

// handles numbers values from 1. A number is not reused before the 32-bit counter wraps
// around, so that the handle of something that is over finds nothing.
type handles[T any] struct {
	values map[uint32]*T
	last   uint32
}

// put returns the handle of v, or 0 if there are already most values.
func (h *handles[T]) put(v *T, most int) uint32 {
	if len(h.values) >= most {
		return 0
	}
	if h.values == nil {
		h.values = map[uint32]*T{}
	}
	for {
		h.last = (h.last + 1) & 0x7fffffff
		if _, taken := h.values[h.last]; !taken && h.last != 0 {
			break
		}
	}
	h.values[h.last] = v
	return h.last
}

func (h *handles[T]) get(n uint32) *T { return h.values[n] }

func (h *handles[T]) drop(n uint32) { delete(h.values, n) }
