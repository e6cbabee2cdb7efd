package host

import "time"

// Durability decides when an append is on disk. The zero Durability is [OnDisk].
type Durability struct {
	unsynced bool
	every    time.Duration
}

// OnDisk syncs before an append returns: a successful append survives power loss. Appends
// that arrive during a sync share the next one.
var OnDisk = Durability{}

// LoseUnsynced returns before the sync: a successful append survives the death of the
// process, but not power loss. Events are on disk after Sync, after Close, and when a
// segment is full. Power loss always removes the latest events, never one before an event
// that survives.
var LoseUnsynced = Durability{unsynced: true}

// LoseUpTo is LoseUnsynced with a sync every d: power loss removes at most the appends of
// about the last d. If d is 0 or negative, LoseUpTo returns OnDisk.
func LoseUpTo(d time.Duration) Durability {
	if d <= 0 {
		return OnDisk
	}
	return Durability{unsynced: true, every: d}
}
