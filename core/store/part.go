package store

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// part is a run of records with the index over them. A snapshot is a list of parts by
// rising sequence: the records of index.fbati, of the part files after it, of the tail,
// and of the memtables: what a writer has appended, or a refresh has read, since the open.
type part struct {
	query.Part
	// memtable holds the records of a part that Grow or Refresh added, nil for others.
	memtable *artifact.Draft
	// file is where the part was read from, nil for parts in memory and stand-ins.
	file *partFile
	// level is 0 for the part itself and higher for what stands in for it.
	level standInLevel
	// unsaved is set when the index of an index.fbati had to be built: it is needed to
	// save that.
	unsaved *index.Saved
}

// standInLevel says how far a part is from its file.
type standInLevel int

const (
	// indexRebuilt: the records are the file's, and their index was built from them.
	indexRebuilt standInLevel = 1 + iota
	// recordsReplayed: the records were read from the segments.
	recordsReplayed
)

// partFile is the file that a part was read from, and what replaces it.
type partFile struct {
	name string // of the file with the records
	// from is where the part before ends, to where this one does.
	from, to artifact.Watermark
	// fromSequence is the sequence after the last record before the part, and fromNext
	// the next sequence that the part before records; nextSequence is this part's.
	fromSequence, fromNext, nextSequence uint64

	// standIn replaces the part once its file proved damaged: see repair.
	standIn   atomic.Pointer[standIn]
	repairing sync.Mutex // held by the one repair of the part
}

// standIn is what replaces a part, and what its repairs found. It does not change.
type standIn struct {
	part    *part
	refused []*damage.Refusal
	damages []*damage.Damage
}

// replace makes p the part's stand-in and adds what the repair found.
func (f *partFile) replace(p *part, refused []*damage.Refusal, damages []*damage.Damage) {
	next := &standIn{part: p, refused: refused, damages: damages}
	if last := f.standIn.Load(); last != nil {
		next.refused = slices.Concat(last.refused, refused)
		next.damages = slices.Concat(last.damages, damages)
	}
	f.standIn.Store(next)
}

// now returns the part, or what stands in for it since its file proved damaged.
func (p *part) now() *part {
	if p.file != nil {
		if q := p.file.standIn.Load(); q != nil {
			return q.part
		}
	}
	return p
}

// reportRepairs adds the damage found since the open.
func (p *part) reportRepairs(r *Report) {
	if p.file == nil {
		return
	}
	if s := p.file.standIn.Load(); s != nil {
		r.Rejected = slices.Concat(r.Rejected, s.refused)
		r.Damages = slices.Concat(r.Damages, s.damages)
	}
}

// draftPart makes a part of records in memory, which must be in order and within
// bounds.
func draftPart(d *artifact.Draft, bounds index.Bounds, o *Options) (*part, error) {
	return imagePart(index.DraftImage(d), bounds, o)
}

// imagePart makes a part of records that were validated before. It reads all of them
// to build their index.
func imagePart(image index.Image, bounds index.Bounds, o *Options) (*part, error) {
	table := make([]byte, image.NamesSize)
	if err := source.Read(image.Names, table, image.NamesAt); err != nil {
		return nil, err
	}
	names, err := strtab.Decode(table)
	if err != nil {
		return nil, err
	}
	built, err := index.Build(index.Input{
		Image: image, Names: names, Bounds: bounds, Seed: o.Seed, Parallel: o.Parallel, ValidateOnly: o.ValidateOnly != nil,
		Each: func(uint64, []byte) error { return o.stopped() },
	})
	if err != nil {
		return nil, err
	}
	return &part{Part: query.Part{Image: image, Index: built}}, nil
}

// validated are bounds that admit records which were validated before.
func validated(nextSequence uint64) index.Bounds {
	return index.Bounds{
		NextSequence: nextSequence,
		Watermark:    artifact.Watermark{Segment: ^uint64(0)},
		SegmentSize:  anySize,
	}
}

// anySize gives every segment the length that an index needs it to have.
func anySize(uint64) (uint64, bool) { return ^uint64(0), true }
