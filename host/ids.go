package host

import (
	"sync"

	"github.com/thawlog/thaw/core/event"
)

// ids makes event ids for many goroutines.
type ids struct {
	mu   sync.Mutex
	made event.IDs
}

// next makes an id at ms since the Unix epoch; a time before is 0, since the
// append will be refused for it anyway.
func (g *ids) next(ms int64, random uint64) event.ID {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.made.Next(uint64(max(ms, 0)), random)
}
