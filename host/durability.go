package host

import "time"

// Durability is when what was appended is on disk. The zero Durability is
// [OnDisk].
type Durability struct {
	unsynced bool
	every    time.Duration
}

// OnDisk: an append that returned nil survives power loss. Appends that come
// while a sync is under way share the next one.
var OnDisk = Durability{}

// LoseUnsynced: an append that returned nil survives the death of the process,
// not power loss. Data is on disk after Sync, after Close, and when a segment is
// full. What power loss takes is always the end: never an event whose successor
// is still there.
var LoseUnsynced = Durability{unsynced: true}

// LoseUpTo is LoseUnsynced with a sync every d: power loss takes at most the
// appends of about the last d. A d that is not above 0 is OnDisk.
func LoseUpTo(d time.Duration) Durability {
	if d <= 0 {
		return OnDisk
	}
	return Durability{unsynced: true, every: d}
}
