package source

// Window reads a Source through one buffer: a scan costs one read per block and
// no allocation per item. It does not copy a source that is memory, nor what a
// source lends. It is for one goroutine.
type Window struct {
	src    Source
	mem    Memory // src, when it is memory
	lender Lender // src, when it lends
	size   uint64
	block  int
	buf    []byte // lent, or of own
	start  uint64 // offset of buf[0] in src
	lent   bool   // whether buf is lent
	own    []byte
}

// NewWindow returns a Window that reads src in blocks of at least block bytes.
func NewWindow(src Source, block int) *Window {
	w := new(Window)
	w.Reset(src, block)
	return w
}

// Reset makes w a new window of src. It keeps the buffer unless that is larger
// than most uses need. After a Reset to a nil source w is empty and keeps
// nothing but its buffer alive.
func (w *Window) Reset(src Source, block int) {
	// Field by field: a query resets many windows, and an assignment of all of w costs thrice
	// as much.
	w.src, w.mem, w.lender, w.size, w.block, w.buf, w.start = src, nil, nil, 0, block, nil, 0
	if cap(w.own) > keptBuffer {
		w.own = nil
	}
	if src != nil {
		if w.mem, _ = src.(Memory); w.mem == nil {
			w.lender = LenderOf(src)
		}
		w.size = uint64(max(src.Size(), 0))
	}
}

// Reuse is Reset with the same block, and keeps a buffer of any size.
func (w *Window) Reuse(src Source) {
	own := w.own
	w.own = nil
	w.Reset(src, w.block)
	w.own = own
}

// keptBuffer is the size of the largest buffer that Reset keeps.
const keptBuffer = 32 << 10

// page is the unit at which a read of more than was requested ends: file pages
// are checked when they are touched, so a read touches no more of them than
// needed.
const page = 4096

// want returns the number of bytes to read for the n at off: block, but not
// beyond the end of its last whole page.
func (w *Window) want(off, n, block uint64) uint64 {
	end := min(off+max(n, block), w.size)
	if whole := end - end%page; end < w.size && whole >= off+n {
		end = whole
	} else if next := off + n + page - 1; whole < off+n {
		end = min(end, next-next%page)
	}
	return end - off
}

// Size returns the size of the source when the window was made.
func (w *Window) Size() uint64 { return w.size }

// Bytes returns the n bytes at off. The slice aliases the window's buffer, or
// bytes that the source lends, which must not be changed, and is valid until the
// next call. The buffer grows beyond the block to n at most,
// and only after a check that the n bytes lie inside the source; otherwise the
// error is [ErrShort].
func (w *Window) Bytes(off uint64, n uint64) ([]byte, error) {
	return w.Ahead(off, n, uint64(w.block))
}

// Ahead is Bytes with another block size for this call: when it has to read, it
// reads ahead bytes, so that a caller who knows what comes next pays for one
// read.
func (w *Window) Ahead(off, n, ahead uint64) ([]byte, error) {
	if off > w.size || n > w.size-off {
		return nil, ErrShort
	}
	if b := w.InPlace(off, n); b != nil {
		return b, nil
	}
	if off >= w.start && off-w.start <= uint64(len(w.buf)) && n <= uint64(len(w.buf))-(off-w.start) {
		at := off - w.start
		return w.buf[at : at+n : at+n], nil
	}
	if w.lender != nil && max(n, ahead) <= page {
		if b, err := w.borrow(off, n, true); b != nil || err != nil {
			return b, err
		}
	}
	want := w.want(off, n, ahead)
	if uint64(cap(w.own)) < want {
		w.own = make([]byte, want)
	}
	w.buf = nil
	if err := Read(w.src, w.own[:want], off); err != nil {
		return nil, err
	}
	w.buf, w.start, w.lent = w.own[:want], off, false
	return w.buf[:n:n], nil
}

// borrow returns the n bytes at off of a source that lends, or nil when it cannot
// lend these.
func (w *Window) borrow(off, n uint64, read bool) ([]byte, error) {
	b, start, err := w.lender.Lend(off, n, read)
	if err != nil {
		return nil, LendError(off, err)
	}
	if b == nil {
		return nil, nil
	}
	w.buf, w.start, w.lent = b, start, true
	return b[off-start : off-start+n : off-start+n], nil
}

// Lends reports whether Lent is of use.
func (w *Window) Lends() bool { return w.lender != nil }

// Lent returns the n bytes at off as the source lends them: see [Lender]. They stay
// valid as long as the caller has them. Offset and length are checked as by Bytes.
func (w *Window) Lent(off, n uint64, read bool) ([]byte, error) {
	if off > w.size || n > w.size-off {
		return nil, ErrShort
	}
	if w.lent && off >= w.start && off-w.start <= uint64(len(w.buf)) && n <= uint64(len(w.buf))-(off-w.start) {
		at := off - w.start
		return w.buf[at : at+n : at+n], nil
	}
	if w.lender == nil {
		return nil, nil
	}
	return w.borrow(off, n, read)
}

// InPlace returns the n bytes at off without copying, valid as long as the
// source. It returns nil when they lie outside it or are not contiguous in
// memory.
func (w *Window) InPlace(off, n uint64) []byte {
	if w.mem == nil || off > w.size || n > w.size-off {
		return nil
	}
	if b := w.mem.Slice(off, n); uint64(len(b)) == n {
		return b
	}
	return nil
}
