package store

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/flush"
)

// Flush says what goes into a new index file.
type Flush struct {
	// First is the number of the first part that goes in, counting those that were
	// read from files: 0 makes index.fbati and index.thaw of everything, and anything
	// else a part file that goes on after part First-1.
	First int
	// Run is what was appended since the snapshot was opened. It stands for what
	// Grow has added, which is left out.
	Run artifact.Run
	// To is where the last event's log ends, Allocator the next sequence.
	To        artifact.Watermark
	Allocator uint64
	// Segments are the ids of all segments up to To, rising, and Sizes tells how
	// long each is; nil for those that were there when the snapshot was opened.
	Segments []uint64
	Sizes    func(id uint64) (uint64, bool)
	// Stop and Parallel are as in [flush.File].
	Stop     func() error
	Parallel func(n int, f func(i int))
}

// Flush writes an index of what f says, as [flush.File.Write] does. Cancelled events
// are included. The snapshot stays as it is.
func (s *Snapshot) Flush(f Flush, artifactFile, indexFile flush.Write) error {
	if f.Segments == nil {
		f.Segments, f.Sizes = s.listing.IDs(), s.listing.Size
	}
	return unmarkStop(s.mending(func() error {
		file := flush.File{
			Inputs: s.inputs(f), To: f.To, Allocator: f.Allocator, Segments: f.Segments, Sizes: f.Sizes,
			Seed: s.options.Seed, Stop: f.Stop, Parallel: f.Parallel,
		}
		if f.First > 0 {
			file.After = &s.parts[f.First-1].file.to
		}
		return file.Write(artifactFile, indexFile)
	}))
}

// inputs are the records that go into a new index file.
func (s *Snapshot) inputs(f Flush) (inputs []*flush.Input) {
	for i, p := range s.parts[:s.read()] {
		p = p.now()
		switch {
		case i < f.First:
		case i == 0 && i < s.base:
			inputs = append(inputs, flush.ArtifactInput(p.Image, p.Reader()))
		default:
			inputs = append(inputs, flush.PartInput(p.Image, p.Reader()))
		}
	}
	if f.Run.Len() > 0 {
		inputs = append(inputs, flush.RunInput(f.Run))
	}
	return inputs
}

// LacksLookups reports whether the snapshot was opened from an index.fbati whose
// lookups had to be made.
func (s *Snapshot) LacksLookups() bool { return s.base > 0 && s.parts[0].made != nil }

// SaveLookups writes index.thaw for the index.fbati that the snapshot was opened
// from when it lacks lookups.
func (s *Snapshot) SaveLookups(lookups flush.Write) error {
	in := *s.parts[0].made
	in.Segments = directory.DigestSegments(s.listing.IDs(), artifact.Watermark{}, s.parts[0].file.to)
	return s.parts[0].Index.Save(in, lookups)
}
