package pages

import "github.com/thawlog/thaw/core/source"

// Prefetches implements source.Prefetcher.
func (c *Checked) Prefetches() bool {
	a, ok := c.src.(source.Prefetcher)
	return ok && a.Prefetches()
}

// Prefetch implements source.Prefetcher: pages that were not checked are read whole.
func (c *Checked) Prefetch(ranges []source.Range) {
	a, ok := c.src.(source.Prefetcher)
	if !ok {
		return
	}
	out := ranges[:0]
	for _, r := range ranges {
		if r.Len == 0 || r.Off > c.size || r.Len > c.size-r.Off {
			continue
		}
		first, last := r.Off/Size, (r.Off+r.Len-1)/Size
		if !c.allSeen(first, last) {
			r.Off = first * Size
			r.Len = min((last+1)*Size, c.size) - r.Off
		}
		out = append(out, source.Range{Off: c.at + r.Off, Len: r.Len})
	}
	a.Prefetch(out)
}
