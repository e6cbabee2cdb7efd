package store

import (
	"strings"
	"sync/atomic"
)

const (
	sharedSlots = 256
	// sharedPerQuery bounds the names that one iteration adds, so that an answer
	// with many scopes does not cost an allocation for each.
	sharedPerQuery = 64
)

// sharedNames are names of scopes that the queries of one part have met: there are
// few, and each query would look up the same again. At most sharedSlots are kept,
// each as long as the part; of two that want one place the first stays. They may be used by any number of
// goroutines.
type sharedNames struct {
	slots [sharedSlots]atomic.Pointer[sharedName]
}

type sharedName struct {
	number uint32
	name   string
}

// get returns a name that is kept, or "".
func (s *sharedNames) get(number uint32) string {
	if n := s.slots[number%sharedSlots].Load(); n != nil && n.number == number {
		return n.name
	}
	return ""
}

// put keeps a copy of a name, which may be a piece of a longer string.
func (s *sharedNames) put(number uint32, name string) {
	if slot := &s.slots[number%sharedSlots]; slot.Load() == nil {
		slot.Store(&sharedName{number, strings.Clone(name)})
	}
}
