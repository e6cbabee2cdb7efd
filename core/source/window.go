package source

// Window reads a Source through one buffer, so that a scan costs one read per
// block and no allocation per item. Memory is not copied. It is for one
// goroutine.
type Window struct {
	src   Source
	mem   Memory // src, when it is memory
	size  uint64
	block int
	buf   []byte
	start uint64 // offset of buf[0] in src
}

// NewWindow reads src in blocks of at least block bytes.
func NewWindow(src Source, block int) *Window {
	w := new(Window)
	w.Reset(src, block)
	return w
}

// Reset makes w a new window of src, and keeps its buffer unless that is larger
// than most uses need. The window of a nil source is of nothing, and keeps nothing
// else alive.
func (w *Window) Reset(src Source, block int) {
	*w = Window{src: src, block: block, buf: w.buf[:0]}
	if cap(w.buf) > keptBuffer {
		w.buf = nil
	}
	if src != nil {
		w.mem, _ = src.(Memory)
		w.size = uint64(max(src.Size(), 0))
	}
}

// Reuse is Reset that keeps the buffer and the block whatever their size.
func (w *Window) Reuse(src Source) {
	buf := w.buf[:0]
	w.buf = nil
	w.Reset(src, w.block)
	w.buf = buf
}

// keptBuffer is the largest buffer that outlives its source.
const keptBuffer = 32 << 10

// page is where a read of more than was asked for ends, so that it touches no
// page more than need be: the pages of files are checked when they are touched.
const page = 4096

// want is how many bytes to read for the n at off: block, but no further than the
// end of its last whole page.
func (w *Window) want(off, n, block uint64) uint64 {
	end := min(off+max(n, block), w.size)
	if whole := end - end%page; end < w.size && whole >= off+n {
		end = whole
	} else if next := off + n + page - 1; whole < off+n {
		end = min(end, next-next%page)
	}
	return end - off
}

// Size is the source's size when the window was made.
func (w *Window) Size() uint64 { return w.size }

// Bytes returns the n bytes at off. The slice aliases the window's buffer and
// holds until the next call. The buffer grows to n at most beyond the block,
// and only after n was found to lie inside the source: otherwise [ErrShort].
func (w *Window) Bytes(off uint64, n uint64) ([]byte, error) {
	return w.Ahead(off, n, uint64(w.block))
}

// Ahead is Bytes with another block for this once: when it has to read, it reads
// ahead bytes, so that a caller who knows what comes next pays for one read.
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
	want := w.want(off, n, ahead)
	if uint64(cap(w.buf)) < want {
		w.buf = make([]byte, want)
	}
	w.buf = w.buf[:want]
	w.start = off
	if err := Read(w.src, w.buf, off); err != nil {
		w.buf = w.buf[:0]
		return nil, err
	}
	return w.buf[:n:n], nil
}

// InPlace returns the n bytes at off where they lie, for as long as the source,
// and nil when they lie outside it or are not one piece of memory.
func (w *Window) InPlace(off, n uint64) []byte {
	if w.mem == nil || off > w.size || n > w.size-off {
		return nil
	}
	if b := w.mem.Slice(off, n); uint64(len(b)) == n {
		return b
	}
	return nil
}
