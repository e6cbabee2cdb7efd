package host

import (
	"log/slog"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
)

// defaultOpenSegments is how many segments a reader keeps open: below the 1024
// files that a process may commonly have, and enough for most stores to keep
// all of theirs.
const defaultOpenSegments = 256

// ReaderOptions are the choices of [OpenReader]. The zero value is safe: every
// fallback is taken and told, hidden events stay hidden.
type ReaderOptions struct {
	// FS is where the directory lies, by default the operating system's.
	FS fsabstraction.ReadFS
	// NoMapping reads files with ReadAt alone. It is slower per event and keeps
	// the address space and the resident size small.
	NoMapping bool
	// Strict makes damage to segments an error of opening instead of a line in
	// the report.
	Strict bool
	// ShowHidden shows what cancelled fences hide, and opens a store whose
	// visibility_ranges.fbv is damaged. It is for salvage.
	ShowHidden bool
	// CheckFrames compares every event that is returned with its frame, so that
	// not even an index that lies under a valid checksum changes an answer. The
	// events then have their own time, event.Event.TimestampUS. It costs a read of
	// the segment per event.
	CheckFrames bool
	// CheckIndex reads and checks every page of the index when the store is opened,
	// not when a query touches it: some 20 ms for each 10^6 events.
	CheckIndex bool
	// OpenSegments bounds the segment files kept open, by default 256.
	OpenSegments int
	// Logger gets an error for each damage and a warning for each file that was
	// not taken, once while they last and at most ten of a sort per open, and a
	// debug line per open and refresh. By default it is slog.Default().
	Logger *slog.Logger
}

func (o ReaderOptions) withDefaults() ReaderOptions {
	if o.FS == nil {
		o.FS = osfs.FS{}
	}
	if o.OpenSegments <= 0 {
		o.OpenSegments = defaultOpenSegments
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}
