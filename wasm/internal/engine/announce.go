package engine

import (
	"slices"

	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/wasm/abi"
)

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
	missing = missing[:min(len(missing), max(w.cache.limit()/2, 1))]
	staged := w.cache.staged[:0]
	for _, b := range missing {
		at := b * blockSize
		to := w.cache.buffer(int(min(blockSize, size-at)))
		running.ask(w.file.number, at, to)
		staged = append(staged, to)
	}
	running.supplied()
	for i, b := range missing {
		if running.status(i) == abi.WantRead {
			w.cache.put(w.file, b, staged[i])
		} else { // the read returns the reason
			w.cache.release(staged[i])
		}
	}
	clear(staged)
	w.cache.staged = staged
}
