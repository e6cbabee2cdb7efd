package store

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/visibility"
)

// Way is how a store was opened. Its text is its stable name.
type Way string

const (
	// FromIndex: index.fbati, then the tail.
	FromIndex Way = "index"
	// FromCheckpoint: index.ckpt, then the tail.
	FromCheckpoint Way = "checkpoint"
	// FromSegments: every segment was read.
	FromSegments Way = "segments"
)

// Known reports whether w is a way of this package.
func (w Way) Known() bool { return w == FromIndex || w == FromCheckpoint || w == FromSegments }

// File returns the file that a way begins with, "" for the segments.
func (w Way) File() string {
	switch w {
	case FromIndex:
		return artifact.FileName
	case FromCheckpoint:
		return checkpoint.FileName
	}
	return ""
}

// Lookups is where the lookups of an index come from. Its text is its stable name.
type Lookups string

const (
	// LookupsSaved: they are read from index.thaw.
	LookupsSaved Lookups = "saved"
	// LookupsBuilt: they were made when the store was opened.
	LookupsBuilt Lookups = "built"
)

// Known reports whether l is a place of this package.
func (l Lookups) Known() bool { return l == LookupsSaved || l == LookupsBuilt }

// Report says how an open went. Everything that was not taken is in it.
type Report struct {
	OpenedFrom Way
	// Events that readers see, and events that a cancelled fence hides.
	Events, Hidden uint64
	// Allocator is the next sequence a writer would give out.
	Allocator uint64
	Segments  int
	// TailEvents is how many events were read from segments at open.
	TailEvents uint64
	// Rejected lists every file that was there and was not taken.
	Rejected []*damage.Refusal
	// Damages lists what is wrong with bytes that nothing else holds. What
	// could be read is shown all the same.
	Damages []*damage.Damage
	// Unfinished, Gaps, Unsealed and Torn are what replay met besides.
	Unfinished []replay.Unfinished
	Gaps       []replay.Gap
	Unsealed   []replay.Unsealed
	Torn       *replay.Torn
	// Unclosed says that no writer closed the store since it was last written to: the
	// newest segment has no footer, or synced.thaw is there. A writer has it open now,
	// or the last one stopped without a close; the next open for writing repairs that.
	Unclosed bool
	// HiddenRanges are the sequences that stay hidden.
	HiddenRanges visibility.Ranges
	// DuplicateIDs says that an event id stands in the log twice: a look-up by
	// id finds the first.
	DuplicateIDs bool
	// Lookups says where the lookups of the index come from.
	Lookups Lookups
	// Parts is how many part files behind index.fbati were taken.
	Parts int
	// TableBytes is the memory of the lookups, those that are read from files left
	// out.
	TableBytes int64
}

// Damaged returns the first damage, or nil.
func (r *Report) Damaged() error {
	if len(r.Damages) == 0 {
		return nil
	}
	return r.Damages[0]
}
