package engine

import (
	"github.com/thawlog/thaw/core/source"
)

const (
	// blockSize is the size of a block of the cache, equal to that of pages with checksums.
	blockSize = 4096
	// largeRead is the number of bytes from which a read bypasses the cache: scans would
	// only evict blocks that are read again.
	largeRead = 64 << 10
	// mostAhead is the maximum number of blocks read ahead in a sequentially read file: 512
	// KiB.
	mostAhead = 128
)

// window is a file whose ranges the host reads on demand.
type window struct {
	file  *file
	cache *cache
}

// Size implements source.Source.
func (w *window) Size() int64 { return w.file.size }

// ReadAt implements source.Source. It yields to the host for bytes that are not in the
// cache.
func (w *window) ReadAt(p []byte, off int64) (int, error) {
	size := uint64(max(w.file.size, 0))
	if off < 0 || uint64(off) > size || uint64(len(p)) > size-uint64(off) {
		return 0, source.ErrShort
	}
	if len(p) == 0 {
		return 0, nil
	}
	from, end := uint64(off), uint64(off)+uint64(len(p))
	if len(p) >= largeRead {
		w.file.next = end
		if err := running.want(w.file.number, from, p); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	n := len(p)
	for last := (end - 1) / blockSize; len(p) > 0; {
		b := w.cache.get(w.file, from/blockSize)
		if b == nil {
			if err := w.fetch(p, from, last, size); err != nil {
				return 0, err
			}
			return n, nil
		}
		k := copy(p, b[from%blockSize:])
		p, from = p[k:], from+uint64(k)
	}
	return n, nil
}

// Lends implements source.Lender.
func (w *window) Lends() bool { return true }

// Lend implements source.Lender: it lends one block.
func (w *window) Lend(off, n uint64, read bool) (b []byte, start uint64, err error) {
	size := uint64(max(w.file.size, 0))
	if off > size || n > size-off {
		return nil, 0, source.ErrShort
	}
	number := off / blockSize
	if n == 0 || (off+n-1)/blockSize != number {
		return nil, 0, nil
	}
	if b = w.cache.lend(w.file, number); b == nil {
		if !read {
			return nil, 0, source.ErrAbsent
		}
		if err := w.fetch(nil, off, number, size); err != nil {
			return nil, 0, err
		}
		if b = w.cache.lend(w.file, number); b == nil {
			return nil, 0, nil // what was read ahead took its place
		}
	}
	return b[:len(b):len(b)], number * blockSize, nil
}

// fetch has the host fill p, which begins at from and ends in block last.
func (w *window) fetch(p []byte, from, last, size uint64) error {
	first := from / blockSize
	at, end := w.span(first, last, size)
	if end-at <= blockSize { // most reads: no copy
		b := w.cache.buffer(int(end - at))
		if err := running.want(w.file.number, at, b); err != nil {
			w.cache.release(b)
			return err
		}
		w.cache.put(w.file, first, b)
		copy(p, b[from-at:])
		return nil
	}
	staged := make([]byte, end-at)
	if err := running.want(w.file.number, at, staged); err != nil {
		return err
	}
	copy(p, staged[from-at:])
	for len(staged) > 0 {
		b := staged[:min(blockSize, len(staged))]
		if w.cache.get(w.file, first) == nil {
			to := w.cache.buffer(len(b))
			copy(to, b)
			w.cache.put(w.file, first, to)
		}
		staged, first = staged[len(b):], first+1
	}
	return nil
}

// span returns the range to read for blocks first to last, longer if the file is read
// sequentially.
func (w *window) span(first, last, size uint64) (at, end uint64) {
	f := w.file
	at = first * blockSize
	if at == f.next && at > 0 {
		f.ahead = min(max(2*f.ahead, 2*(last-first+1)), mostAhead)
	} else {
		f.ahead = 0
	}
	end = min((last+1+f.ahead)*blockSize, size)
	f.next = end
	return at, end
}
