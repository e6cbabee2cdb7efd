package compact

import (
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/sealed"
)

// DefaultSegmentSize is the length of a segment with a zero Plan.SegmentSize, in bytes.
const DefaultSegmentSize = 64 << 20

// Verdict says what becomes of an event.
type Verdict uint8

const (
	// Keep leaves the event as it is.
	Keep Verdict = iota
	// Drop removes the event.
	Drop
	// Tombstone removes payload and metadata, and gives the event the kind 0x0FFE.
	Tombstone
	// Redact removes payload and metadata.
	Redact
	verdicts
)

// Plan says what to do with some segments.
type Plan struct {
	// From and To are the ids of the first and the last segment, both included. All
	// between must be sealed, or at least not be written to.
	From, To uint64
	// SegmentSize bounds the length of a new segment in bytes, footer included; 0 is
	// DefaultSegmentSize. A segment is longer when there are no more ids than segments, or
	// when a single frame is.
	SegmentSize uint64
	// Judge decides about each event, hidden ones included, once and in order. It sees
	// what the index knows of it. nil keeps all.
	Judge func(*event.Event) Verdict
	// OnlyChanged leaves segments alone of which no event is removed or changed, also small
	// ones that could be merged.
	OnlyChanged bool
	// Settled says that nothing writes to the newest segment of the snapshot any more, even if
	// the snapshot does not know a footer of it: a recovery has added that since.
	Settled bool
	// Segments are the ids of all segments, rising; nil for those of the snapshot.
	Segments []uint64
	// Stop, when set, is called now and then; its error ends the work.
	Stop func() error
	// Progress, when set, is called with the bytes of segments that were read; done rises
	// to total.
	Progress func(done, total uint64)
}

// Put takes the next bytes of a new segment, as [sealed.Put].
type Put = sealed.Put

// Result says what the new segments are, and how they differ from those that they replace.
type Result struct {
	// Files are the new segments, by rising id. Their ids are among Replaced.
	Files []File
	// Replaced are the ids of the segments that they replace, rising.
	Replaced []uint64
	// Events, Dropped, Tombstoned and Redacted count the events of the whole run: those
	// that stayed as they were, and the others.
	Events, Dropped, Tombstoned, Redacted uint64
	// Before and After are the lengths in bytes of the replaced and of the new segments.
	// Of [Measure], After is an estimate.
	Before, After uint64
	// Removals describe the removed events, by rising sequence. Generation and WallMS are
	// the caller's to set.
	Removals []lineage.Removal

	moves moves
}

// File is a new segment.
type File struct {
	// ID is the segment's id, which its name has too.
	ID uint64
	// Size is its length in bytes.
	Size uint64
	// Events is the number of its events.
	Events uint64
	// First and End bound the sequences for which it stands, End exclusive.
	First, End uint64
	// Flags is that of its header.
	Flags uint64
}

// Changed reports whether there is anything to replace.
func (r *Result) Changed() bool { return len(r.Replaced) > 0 }
