package query

import (
	"strings"
	"sync/atomic"
)

const (
	scopeSlots = 256
	// scopesPerQuery bounds the names that one iteration adds, so that an answer
	// with many scopes does not cost an allocation for each.
	scopesPerQuery = 64
)

// scopeNames are names of scopes that the queries of one part have met: there are
// few, and each query would look up the same again. At most scopeSlots are kept,
// each as long as the part; of two that want one place the first stays. They may be used by any number of
// goroutines.
type scopeNames struct {
	slots [scopeSlots]atomic.Pointer[scopeName]
}

type scopeName struct {
	number uint32
	name   string
}

// get returns a name that is kept, or "".
func (s *scopeNames) get(number uint32) string {
	if n := s.slots[number%scopeSlots].Load(); n != nil && n.number == number {
		return n.name
	}
	return ""
}

// put keeps a copy of a name, which may be a piece of a longer string.
func (s *scopeNames) put(number uint32, name string) {
	if slot := &s.slots[number%scopeSlots]; slot.Load() == nil {
		slot.Store(&scopeName{number, strings.Clone(name)})
	}
}
