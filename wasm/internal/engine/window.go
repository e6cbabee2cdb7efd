package engine

import (
	"github.com/thawlog/thaw/core/source"
)

const (
	// blockSize is the size of a block of the cache: that of the pages that have
	// checksums.
	blockSize = 4096
	// cacheBlocks bounds the cache of a store: 8 MiB.
	cacheBlocks = 2048
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
	first, last := from/blockSize, (end-1)/blockSize
	for first <= last && w.cache.has(w.file.number, first) {
		first++
	}
	if first > last {
		w.copy(p, from, nil, 0)
		return len(p), nil
	}
	staged, at := w.stage(first, last, size)
	if err := running.want(w.file.number, at, staged); err != nil {
		return 0, err
	}
	w.copy(p, from, staged, at)
	for b := at; b < at+uint64(len(staged)); b += blockSize {
		w.cache.put(w.file.number, b/blockSize, staged[b-at:min(b-at+blockSize, uint64(len(staged)))])
	}
	return len(p), nil
}

// stage makes room for blocks first to last, and for more behind them when the file is
// read from front to back.
func (w *window) stage(first, last, size uint64) (room []byte, at uint64) {
	f := w.file
	at = first * blockSize
	if at == f.next && at > 0 {
		f.ahead = min(max(2*f.ahead, 2*(last-first+1)), mostAhead)
	} else {
		f.ahead = 0
	}
	end := min((last+1+f.ahead)*blockSize, size)
	f.next = end
	return make([]byte, end-at), at
}

// copy fills p, which begins at from, out of staged bytes and the cache. Blocks in front
// of the staged ones are in the cache.
func (w *window) copy(p []byte, from uint64, staged []byte, at uint64) {
	for len(p) > 0 {
		if staged != nil && from >= at {
			copy(p, staged[from-at:])
			return
		}
		block := w.cache.get(w.file.number, from/blockSize)
		n := copy(p, block[from%blockSize:])
		p, from = p[n:], from+uint64(n)
	}
}
