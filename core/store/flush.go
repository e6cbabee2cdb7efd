package store

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/core/index"
)

// Flush says what goes into a new index file.
type Flush struct {
	// First is the number of the first file of [Snapshot.IndexFiles] that is merged into
	// the new one. 0 makes index.fbati and index.thaw of all events; any other number
	// makes a part file that continues file First-1.
	First int
	// Last is the number of the first file after First that is not merged, and 0 to merge
	// all, and the tail and Run too. To and NextSequence must then be those of file Last-1: see
	// [IndexFile].
	Last int
	// Run is what the writer has appended since the index files end, or the snapshot was opened. It stands for
	// the memtables, which are left out.
	Run artifact.Run
	// To is where the log of the last event ends, and NextSequence the sequence after it.
	To           artifact.Watermark
	NextSequence uint64
	// Segments are the ids of all segments up to To, rising, and Sizes returns the length
	// of each; nil for those that were there when the snapshot was opened.
	Segments []uint64
	Sizes    func(id uint64) (uint64, bool)
	// Edit, Scratch, Memory, Tags, Stop and Parallel are as in [flush.File].
	Edit     func(r artifact.Raw) (keep bool)
	Scratch  flush.Scratch
	Memory   int
	Tags     *index.Tags
	Stop     func() error
	Parallel func(n int, f func(i int))
}

// Flush writes the index that f describes, as [flush.File.Write] does. It includes
// cancelled events. The snapshot does not change.
func (s *Snapshot) Flush(f Flush, artifactFile, indexFile flush.Write) error {
	if f.Segments == nil {
		f.Segments, f.Sizes = s.listing.IDs(), s.listing.Size
	}
	return unmarkStop(s.repairing(func() error {
		file := flush.File{
			Inputs: s.inputs(f), To: f.To, NextSequence: f.NextSequence, Segments: f.Segments, Sizes: f.Sizes,
			Seed: s.options.Seed, Edit: f.Edit, Scratch: f.Scratch, Memory: f.Memory, Tags: f.Tags, Stop: f.Stop, Parallel: f.Parallel,
		}
		if f.First > 0 {
			file.After = &s.parts[f.First-1].file.to
		}
		return file.Write(artifactFile, indexFile)
	}))
}

// inputs returns the records that go into a new index file.
func (s *Snapshot) inputs(f Flush) (inputs []*flush.Input) {
	for i, p := range s.parts[:s.opened()] {
		p = p.now()
		switch {
		case i < f.First || f.Last > 0 && i >= f.Last:
		case i == 0 && i < s.base:
			inputs = append(inputs, flush.ArtifactInput(p.Index.Direct(p.Image), p.Reader()))
		default: // few records are read twice, far from each other
			inputs = append(inputs, flush.PartInput(p.Index.Direct(p.Image), p.Reader()))
		}
	}
	if f.Last == 0 && s.spilled.count > 0 {
		inputs = append(inputs, s.spilled.input())
	}
	if f.Last == 0 && f.Run.Len() > 0 {
		inputs = append(inputs, flush.RunInput(f.Run))
	}
	return inputs
}
