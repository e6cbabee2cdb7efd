package mapping

import (
	"sync"
	"unsafe"
)

// lanes is a lock for many readers and one close. It is split because every reader writes
// to a sync.RWMutex, which gets slower with each core that does so (golang/go#17973). On
// one or two cores it costs nothing and gains nothing.
type lanes [8]struct {
	// Padding on both sides, so that taking a lane disturbs neither the next one nor the
	// fields before them, which every read needs.
	_ [64]byte
	sync.RWMutex
	_ [64 - unsafe.Sizeof(sync.RWMutex{})%64]byte
}

// lane returns the lock for a reader into p. Goroutines read into separate buffers, so the
// address spreads them; any choice is correct.
func (l *lanes) lane(p []byte) *sync.RWMutex {
	const golden = 0x9e3779b1 // spreads addresses that differ in few bits
	a := uint32(uintptr(unsafe.Pointer(unsafe.SliceData(p))) >> 4)
	return &l[a*golden>>29].RWMutex
}

// lockAll waits for all readers and blocks new ones.
func (l *lanes) lockAll() {
	for i := range l {
		l[i].Lock()
	}
}

func (l *lanes) unlockAll() {
	for i := range l {
		l[i].Unlock()
	}
}
