package query

import (
	"strings"
	"sync/atomic"
)

const (
	scopeSlots = 256
	// scopesPerQuery bounds the names that one query adds, so that an answer with many
	// scopes does not cost an allocation for each.
	scopesPerQuery = 64
)

// scopeNames caches names of scopes for all queries of one part: there are few, and each
// query would look up the same again. It keeps at most scopeSlots, as long as the part; of
// two names with one slot the first stays. Any number of goroutines may use it.
type scopeNames struct {
	slots [scopeSlots]atomic.Pointer[scopeName]
}

type scopeName struct {
	number uint32
	name   string
}

// get returns a cached name, or "".
func (s *scopeNames) get(number uint32) string {
	if n := s.slots[number%scopeSlots].Load(); n != nil && n.number == number {
		return n.name
	}
	return ""
}

// put caches a copy of a name, which may be part of a longer string.
func (s *scopeNames) put(number uint32, name string) {
	if slot := &s.slots[number%scopeSlots]; slot.Load() == nil {
		slot.Store(&scopeName{number: number, name: strings.Clone(name)})
	}
}
