package verify

import "slices"

// topics lists all topics in the order of note.go.
var topics = []Topic{
	TornTail, UnfinishedBatch, SequenceGap, NoSnapshot, DuplicateID, HiddenNothing, HiddenAhead,
	AllocatorAhead, UnusedNames, ChainFork, Unusual, Stale, Stray, Redacted, Extract, Compacted,
}

// Known reports whether t is a topic of this package.
func (t Topic) Known() bool { return slices.Contains(topics, t) }
