package replay

import (
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
)

// Report is the result of a replay, besides events.
type Report struct {
	// Damages lists the trouble in the segments, in the order met.
	Damages []*damage.Damage
	// Rejected lists the footers that were not used; their frames were.
	Rejected []*damage.Refusal
	// Unfinished lists batches without a COMMIT. Their events do not exist.
	Unfinished []Unfinished
	// Gaps lists sequences that footers skip, except within thinned segments.
	Gaps []Gap
	// Thinned lists the segments whose headers say that events are missing.
	Thinned []Thinned
	// Unsealed lists the ends of segments without a footer, except the newest:
	// an unclean stop, or compaction. Bytes cut off exactly between two frames
	// leave no other trace.
	Unsealed []Unsealed
	// Torn is the incomplete end of the newest segment, nil when there is none:
	// the ordinary trace of an unclean stop.
	Torn *Torn
}

// Unfinished is a batch that was never committed.
type Unfinished struct {
	File string
	// Offset is the offset of its BEGIN frame.
	Offset uint64
	// Items is the number of its events that were written.
	Items int
}

// Gap is a range of sequences, from First up to End (exclusive), that footers
// skip: a failed append of batpak's, unless something else shows that events
// had them.
type Gap struct {
	// File is the segment that follows the gap.
	File string
	// End is damage.UnknownEnd where segment ids are missing and it is not
	// known whether sequences are too: later events may then have had higher
	// ones.
	First, End uint64
}

// Thinned is a segment that events are missing from which were there: it was compacted, or
// is of an extract.
type Thinned struct {
	File string
	// Flags is that of the header.
	Flags uint64
	// Missing counts the missing sequences, which lie from First up to End (exclusive).
	Missing, First, End uint64
}

// Unsealed is the end of a segment without a footer.
type Unsealed struct {
	File   string
	Offset uint64
	// Next is the sequence after the segment's last event.
	Next uint64
}

// Torn is the incomplete end of the newest segment after an unclean stop.
type Torn struct {
	File           string
	Offset, Length uint64
	// ID is the event being written, valid when Named is true.
	ID    event.ID
	Named bool
	// Unproven reports whether it lies after the sync mark, so it was never
	// known to be on disk.
	Unproven bool
	// Frames reports whether it is more than the start of one frame: a whole
	// frame with a wrong checksum, or whole frames after other bytes.
	Frames bool
}
