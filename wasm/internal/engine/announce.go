package engine

import (
	"slices"

	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/wasm/abi"
)

// announcedBlocks is the maximum number of blocks in one request: 1 MiB.
const announcedBlocks = 256

// Prefetches implements source.Prefetcher.
func (w *window) Prefetches() bool { return true }

// Prefetch implements source.Prefetcher: it requests all missing blocks at once.
func (w *window) Prefetch(ranges []source.Range) {
	size := uint64(max(w.file.size, 0))
	missing := w.cache.missing[:0]
	for _, r := range ranges {
		if r.Len == 0 || r.Len >= largeRead || r.Off > size || r.Len > size-r.Off {
			continue
		}
		for b := r.Off / blockSize; b <= (r.Off+r.Len-1)/blockSize; b++ {
			if w.cache.get(w.file, b) == nil {
				missing = append(missing, b)
			}
		}
	}
	w.cache.missing = missing
	if len(missing) < 2 {
		return
	}
	slices.Sort(missing)
	missing = slices.Compact(missing)
	// Requested blocks must still be in the cache when they are read.
	missing = missing[:min(len(missing), announcedBlocks, max(w.cache.limit()/4, 1))]
	staged := make([]byte, len(missing)*blockSize)
	for i, b := range missing {
		at := b * blockSize
		running.ask(w.file.number, at, staged[i*blockSize:][:min(blockSize, size-at)])
	}
	running.supplied()
	for i, b := range missing {
		if running.status(i) != abi.WantRead {
			continue // the read returns the reason
		}
		from := staged[i*blockSize:][:min(blockSize, size-b*blockSize)]
		to := w.cache.buffer(len(from))
		copy(to, from)
		w.cache.put(w.file, b, to)
	}
}
