package verify

import (
	"strconv"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/escape"
)

// Topic is what a [Note] is about. Its text is its stable name.
type Topic string

// The topics.
const (
	// TornTail: the newest segment ends in bytes that are no frame, the trace of
	// an unclean stop.
	TornTail Topic = "torn_tail"
	// UnfinishedBatch: a batch was never committed and does not exist.
	UnfinishedBatch Topic = "unfinished_batch"
	// SequenceGap: sequences from First up to End (exclusive) belong to no event,
	// and nothing says that they ever did.
	SequenceGap Topic = "sequence_gap"
	// NoSnapshot: a snapshot of the index is not there, as before the first close.
	// index.ckpt is not missed where there is an index.fbati.
	NoSnapshot Topic = "no_snapshot"
	// DuplicateID: an earlier event has the same id.
	DuplicateID Topic = "duplicate_id"
	// HiddenNothing: a hidden range hides no event that is there.
	HiddenNothing Topic = "hidden_nothing"
	// HiddenAhead: a hidden range ends after every sequence given out; a crash
	// may have taken the events.
	HiddenAhead Topic = "hidden_ahead"
	// AllocatorAhead: a snapshot's allocator is higher than anything explains.
	AllocatorAhead Topic = "allocator_ahead"
	// UnusedNames: a string table holds a name that nothing refers to.
	UnusedNames Topic = "unused_names"
	// ChainFork: an entity's chain begins again, as batpak 0.4.0 makes it within a
	// fence, or thaw goes on after such a beginning with the clock above all.
	ChainFork Topic = "chain_fork"
	// Unusual: a field holds what no known writer gives it. Detail says which.
	Unusual Topic = "unusual"
	// Stale: a file of lookups belongs to another index.fbati than is there, or a part
	// file goes on where no part before it ends. Neither is used.
	Stale Topic = "stale"
	// Stray: a file looks like a segment and is not named like one.
	Stray Topic = "stray"
)

// Note is something worth knowing that proves no damage.
type Note struct {
	Topic Topic
	// File is the name within the store's directory.
	File string
	// Offset is where in the file it is, 0 for the whole file.
	Offset uint64
	// Event is the event it is about, when Named is true.
	Event damage.Touched
	Named bool
	// First and End bound sequences, where the topic has some.
	First, End uint64
	// Detail says more, where there is more to say.
	Detail string
}

// String is one line for a person.
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
