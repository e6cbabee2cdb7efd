package store

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/source"
)

// IndexFile is a file of an index that a snapshot reads.
type IndexFile struct {
	Name    string
	Records uint64
	// End is where the log of its last event ends, and NextSequence the sequence after it.
	End          artifact.Watermark
	NextSequence uint64
}

// IndexFiles says which files of an index a snapshot reads, and which events they lack.
type IndexFiles struct {
	// Files lists index.fbati and its part files, in order. It is empty when the store
	// was opened from a checkpoint or from segments.
	Files []IndexFile
	// TailEvents is how many events follow the files that were there at open.
	TailEvents uint64
	// Unsaved is set when the index of index.fbati had to be built: [Snapshot.SaveIndex]
	// saves it.
	Unsaved bool
}

// Names returns the names of the files.
func (f *IndexFiles) Names() []string {
	names := make([]string, len(f.Files))
	for i := range f.Files {
		names[i] = f.Files[i].Name
	}
	return names
}

// Records returns how many records each file has.
func (f *IndexFiles) Records() []uint64 {
	records := make([]uint64, len(f.Files))
	for i := range f.Files {
		records[i] = f.Files[i].Records
	}
	return records
}

// End returns where the last file ends, zero without files.
func (f *IndexFiles) End() artifact.Watermark {
	if len(f.Files) == 0 {
		return artifact.Watermark{}
	}
	return f.Files[len(f.Files)-1].End
}

// IndexFiles returns the files of an index that the snapshot reads.
func (s *Snapshot) IndexFiles() *IndexFiles {
	f := &IndexFiles{Unsaved: s.base > 0 && s.parts[0].unsaved != nil}
	for i, p := range s.parts[:s.opened()] {
		if i < s.base && (s.report.OpenedFrom == FromIndex || s.adopted) {
			f.Files = append(f.Files, IndexFile{Name: p.file.name, Records: uint64(p.Image.Count), End: p.file.to, NextSequence: p.file.nextSequence})
		} else {
			f.TailEvents += uint64(p.Image.Count)
		}
	}
	return f
}

// IndexMoved reports whether index.thaw is gone, or any of the index files is gone or
// replaced. A part file that continues them would then continue nothing.
func (s *Snapshot) IndexMoved() bool {
	names := s.IndexFiles().Names()
	if len(names) == 0 {
		return false
	}
	// index.thaw may have been written since, by the process that found it missing.
	_, err := s.files.Look(index.FileName)
	return errors.Is(err, source.ErrGone) || s.moved(names...)
}

// SaveIndex writes index.thaw for the index.fbati that the snapshot was opened from.
// The snapshot must have an Unsaved index.
func (s *Snapshot) SaveIndex(write flush.Write) error {
	in := *s.parts[0].unsaved
	in.Segments = directory.DigestSegments(s.listing.IDs(), artifact.Watermark{}, s.parts[0].file.to)
	return s.parts[0].Index.Save(in, write)
}
