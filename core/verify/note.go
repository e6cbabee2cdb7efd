package verify

import (
	"strconv"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/escape"
)

// Topic is the subject of a [Note]. Its text is stable.
type Topic string

// The topics.
const (
	// TornTail: the newest segment ends in bytes that are no frame, the trace of an unclean
	// stop.
	TornTail Topic = "torn_tail"
	// UnfinishedBatch: a batch was never committed; readers ignore it.
	UnfinishedBatch Topic = "unfinished_batch"
	// SequenceGap: sequences from First up to End (exclusive) belong to no event, and
	// there is no sign that they ever did.
	SequenceGap Topic = "sequence_gap"
	// NoSnapshot: index.fbati or index.ckpt is missing, as before the first close. With
	// an index.fbati a missing index.ckpt is not noted.
	NoSnapshot Topic = "no_snapshot"
	// DuplicateID: an earlier event has the same id.
	DuplicateID Topic = "duplicate_id"
	// HiddenNothing: a hidden range hides no existing event.
	HiddenNothing Topic = "hidden_nothing"
	// HiddenAhead: a hidden range ends above every assigned sequence; a crash may have
	// lost the events.
	HiddenAhead Topic = "hidden_ahead"
	// AllocatorAhead: the allocator of an index image is above every sequence in use.
	AllocatorAhead Topic = "allocator_ahead"
	// UnusedNames: a string table holds an unused name.
	UnusedNames Topic = "unused_names"
	// ChainFork: an entity's chain begins again, as batpak 0.4.0 does within a fence, or
	// continues such a beginning with a clock above all earlier ones, as thaw does.
	ChainFork Topic = "chain_fork"
	// Unusual: a field has a value that no known writer sets. Detail says which.
	Unusual Topic = "unusual"
	// Stale: an index file belongs to another index.fbati, or a part file does not begin
	// where another part ends. An open ignores both.
	Stale Topic = "stale"
	// Stray: a file may be a segment but is not named like one.
	Stray Topic = "stray"
	// Redacted: a segment holds redacted events, with sequences from First up to End
	// (exclusive). Detail says how many, and how many of them are tombstones. Payloads that are
	// gone are not checked.
	Redacted Topic = "redacted"
	// Extract: a segment holds events of another store, selected ones (see package extract)
	// or salvaged ones (see package salvage). Detail says how many sequences from First up to
	// End (exclusive) belong to no event of it: they were not selected, or left out.
	Extract Topic = "extract"
	// Compacted: events were removed from a segment (see package compact). Detail says how
	// many sequences from First up to End (exclusive) they had, and of how many of them
	// store.thaw has no record. It has none where events were lost before the compaction.
	Compacted Topic = "compacted"
)

// Note is a finding that proves no damage.
type Note struct {
	Topic Topic
	// File is a name within the store's directory.
	File string
	// Offset is the place in the file, 0 for the whole file.
	Offset uint64
	// Event is the event concerned, if Named is true.
	Event damage.Touched
	Named bool
	// First and End bound the sequences concerned, First included; both are 0 if the
	// topic has none.
	First, End uint64
	// Detail is more text, for some topics.
	Detail string
}

// String returns the note as one line of text.
func (n Note) String() string {
	s := n.File + " at byte " + strconv.FormatUint(n.Offset, 10) + ": " + string(n.Topic)
	if n.Named {
		s += ": event " + n.Event.ID.String()
	}
	if n.End == damage.UnknownEnd {
		s += ": from sequence " + strconv.FormatUint(n.First, 10) + " on"
	} else if n.End > n.First {
		s += ": sequences " + strconv.FormatUint(n.First, 10) + " to " + strconv.FormatUint(n.End-1, 10)
	}
	if n.Detail != "" {
		s += ": " + n.Detail
	}
	return escape.Text(s)
}
