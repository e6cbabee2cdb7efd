package replay

import (
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
)

// Report is what a replay met besides events.
type Report struct {
	// Damages is trouble in the segments, in the order met.
	Damages []*damage.Damage
	// Rejected lists footers that were not believed; the frames were.
	Rejected []*damage.Refusal
	// Unfinished lists batches without a COMMIT, which do not exist.
	Unfinished []Unfinished
	// Gaps lists sequences that footers leave out.
	Gaps []Gap
	// Unsealed lists the ends of segments that are not the newest and have no
	// footer: an unclean stop, or compaction. Bytes cut off exactly between two
	// frames leave no other trace.
	Unsealed []Unsealed
	// Torn is the end of the newest segment that is no frame, nil when there
	// is none: the ordinary trace of an unclean stop.
	Torn *Torn
}

// Unfinished is a batch that was never committed.
type Unfinished struct {
	File string
	// Offset of its BEGIN frame.
	Offset uint64
	// Items is how many of its events had been written.
	Items int
}

// Gap is a run of sequences, from First up to End (exclusive), that footers
// leave out: a failed append of batpak's, unless something else says that they
// were there.
type Gap struct {
	// File is the segment that goes on behind the gap.
	File string
	// End is damage.UnknownEnd where segment ids are left out and nothing tells
	// whether sequences are too: then later events may have had higher ones.
	First, End uint64
}

// Unsealed is the end of a segment that has no footer.
type Unsealed struct {
	File   string
	Offset uint64
	// Next is the sequence behind the segment's last event.
	Next uint64
}

// Torn is what an unclean stop left at the end of the newest segment.
type Torn struct {
	File           string
	Offset, Length uint64
	// ID is the event that was being written, when Named is true.
	ID    event.ID
	Named bool
	// Unproven says that it lies behind all that synced.thaw says was on disk.
	Unproven bool
	// Frames says that it is more than the beginning of one frame: a whole one
	// with a wrong checksum, or whole ones behind bytes that are none.
	Frames bool
}
