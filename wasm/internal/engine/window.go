package engine

import (
	"github.com/thawlog/thaw/core/source"
)

const (
	// blockSize is the size of a block of the cache: that of the pages that have
	// checksums.
	blockSize = 4096
	// largeRead is from how many bytes on a read goes straight to the reader: scans,
	// which would only push out what is read again.
	largeRead = 64 << 10
	// mostAhead is how many blocks are read ahead of a file that is read from front to
	// back: 512 KiB.
	mostAhead = 128
)

// window is a file of which the host reads what is wanted.
type window struct {
	file  *file
	cache *cache
}

// Size implements source.Source.
func (w *window) Size() int64 { return w.file.size }

// ReadAt implements source.Source. It yields to the host for what is not in the cache.
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

// fetch fills p, which begins at from and ends in block last, by what the host reads.
func (w *window) fetch(p []byte, from, last, size uint64) error {
	first := from / blockSize
	at, end := w.span(first, last, size)
	if end-at <= blockSize { // as most are: straight to its place
		b := w.cache.room(int(end - at))
		if err := running.want(w.file.number, at, b); err != nil {
			w.cache.giveBack(b)
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
			to := w.cache.room(len(b))
			copy(to, b)
			w.cache.put(w.file, first, to)
		}
		staged, first = staged[len(b):], first+1
	}
	return nil
}

// span is what to read for blocks first to last: more than those when the file is read
// from front to back.
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
