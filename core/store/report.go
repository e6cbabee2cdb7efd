package store

import (
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/synced"
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

// IndexOrigin says where the index over index.fbati comes from. Its text is its stable
// name.
type IndexOrigin string

const (
	// IndexSaved: it is read from index.thaw.
	IndexSaved IndexOrigin = "saved"
	// IndexBuilt: it was built when the store was opened.
	IndexBuilt IndexOrigin = "built"
)

// Known reports whether i is an origin of this package.
func (i IndexOrigin) Known() bool { return i == IndexSaved || i == IndexBuilt }

// Report says how a store was opened. It lists everything that was refused.
type Report struct {
	OpenedFrom Way
	// Events counts the events that readers see, and Hidden those that a cancelled fence
	// hides.
	Events, Hidden uint64
	// NextSequence is the sequence that a writer assigns next.
	NextSequence uint64
	Segments     int
	// TailEvents is how many events were read from segments at open.
	TailEvents uint64
	// Rejected lists every file that was refused.
	Rejected []*damage.Refusal
	// Damages lists damaged bytes that no other file replaces. Readable events are still
	// shown.
	Damages []*damage.Damage
	// Unfinished, Gaps, Unsealed and Torn are the other findings of replay.
	Unfinished []replay.Unfinished
	Gaps       []replay.Gap
	Unsealed   []replay.Unsealed
	Torn       *replay.Torn
	// Unclosed is set when no writer closed the store after the last write: the newest
	// segment has no footer, or synced.thaw exists. Either a writer has it open, or the
	// last one stopped without a close, and the next open for writing recovers it.
	Unclosed bool
	// HiddenRanges are the sequences that stay hidden.
	HiddenRanges visibility.Ranges
	// DuplicateIDs is set when two events of one part have one id. Get returns the first. Two
	// events in different parts, such as the index files and the tail, do not set it:
	// verification finds them.
	DuplicateIDs bool
	// IndexOrigin says where the index over index.fbati comes from.
	IndexOrigin IndexOrigin
	// Parts is how many part files were read after index.fbati.
	Parts int
	// IndexBytes is the memory that indexes take, without those that are read from files.
	IndexBytes int64
}

// Damaged returns the first damage, or nil.
func (r *Report) Damaged() error {
	if len(r.Damages) == 0 {
		return nil
	}
	return r.Damages[0]
}

// renumbered reports whether hidden ranges use other numbers than the log.
func (r *Report) renumbered() bool {
	return slices.ContainsFunc(r.Damages, func(d *damage.Damage) bool { return d.Reason == damage.Renumbered })
}

// unclosed returns Report.Unclosed.
func (s *Snapshot) unclosed() bool {
	if _, ok := s.listing.Others[synced.FileName]; ok {
		return true
	}
	return s.newestUnsealed()
}

// newestUnsealed reports whether the newest segment has no footer.
func (s *Snapshot) newestUnsealed() bool {
	end := s.scan.Ending()
	return end.Segment > 0 && end.Segment == s.listing.Newest() && !end.Sealed
}

// count sets the numbers of the report that depend on the parts and the hidden ranges.
func (s *Snapshot) count() error {
	r := &s.report
	r.Events, r.Hidden, r.IndexBytes = 0, 0, 0
	for _, p := range s.parts {
		var hidden uint64
		err := s.withPart(p, func(now *part) (err error) {
			hidden, err = hiddenIn(now, r.HiddenRanges)
			p = now
			return err
		})
		if err != nil {
			return err
		}
		r.Hidden += hidden
		r.Events += uint64(p.Image.Count) - hidden
		if p.Index.Saved() == nil {
			r.IndexBytes += p.Index.Size()
		}
		r.DuplicateIDs = r.DuplicateIDs || !p.Index.UniqueIDs()
	}
	r.Events += uint64(s.spilled.count)
	r.IndexOrigin, r.Parts = IndexBuilt, len(s.IndexFiles().Files)
	if r.Parts > 0 {
		r.Parts--
		if s.parts[0].now().Index.Saved() != nil {
			r.IndexOrigin = IndexSaved
		}
	}
	// A range may reach past the last event, when a crash took the events it hides.
	// Their numbers are never assigned again.
	r.NextSequence = max(s.scan.Log().NextSequence(), r.HiddenRanges.End(), s.nextSequence(), s.minNext)
	return nil
}
