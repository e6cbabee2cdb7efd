package store

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/source"
)

// Grow returns s followed by the records of run, which a writer has appended
// since; allocator is the next sequence it will give out. The new records become
// a part of their own, and small parts at the end are made into one, as a binary
// counter carries: n events that arrive one by one cost n log n, and a query
// meets at most log n parts. s stays as it is.
func (s *Snapshot) Grow(run artifact.Run, allocator uint64) (*Snapshot, error) {
	n := *s
	n.parts = append([]*part(nil), s.parts...)
	d := artifact.NewDraft()
	count, first := run.Len(), len(n.parts)
	for first > s.read() && n.parts[first-1].grown.Len() <= 2*count {
		first--
		count += n.parts[first].grown.Len()
	}
	for _, p := range n.parts[first:] {
		if err := d.AppendFrom(p.grown, 0); err != nil {
			return nil, err
		}
	}
	if err := d.AppendRun(run); err != nil {
		return nil, err
	}
	p, err := draftPart(d, judged(allocator), s.options)
	if err != nil {
		return nil, err
	}
	p.grown = d
	n.parts = append(n.parts[:first], p)
	n.appended += run.Len()
	err = n.count()
	n.report.Allocator = max(n.report.Allocator, allocator)
	return &n, err
}

// Appended is how many events of the run that Grow was given are in the snapshot.
func (s *Snapshot) Appended() int { return s.appended }

// Folded is how many of them are in parts that were read from files.
func (s *Snapshot) Folded() int { return s.folded }

// FileParts is how many records each part has that was read from a file of an
// index, index.fbati in front. It is empty when the store was opened otherwise.
func (s *Snapshot) FileParts() (records []uint64) {
	if s.report.OpenedFrom != FromIndex && s.folded == 0 {
		return nil
	}
	for _, p := range s.parts[:s.base] {
		records = append(records, uint64(p.Image.Count))
	}
	return records
}

// FileNames are the names of the files that the first n of these parts were read
// from.
func (s *Snapshot) FileNames(n int) (names []string) {
	for _, p := range s.parts[:min(n, len(s.FileParts()))] {
		names = append(names, p.file.name)
	}
	return names
}

// FilesMoved reports whether any of these files, or index.thaw, is gone or another by
// now: then what is written to go on behind them has nothing to go on from.
func (s *Snapshot) FilesMoved() bool {
	names := s.FileNames(len(s.parts))
	if len(names) == 0 {
		return false
	}
	// That one may have been written since, by who found it missing.
	_, err := s.files.Look(index.FileName)
	return errors.Is(err, source.ErrGone) || s.moved(names...)
}

// PartEnd is where part i of these ends.
func (s *Snapshot) PartEnd(i int) artifact.Watermark { return s.parts[i].file.to }

// FileEnd is where the last part ends that was read from a file of an index.
func (s *Snapshot) FileEnd() (end artifact.Watermark) {
	if len(s.FileParts()) > 0 {
		end = s.parts[s.base-1].file.to
	}
	return end
}

// TailEvents is how many events lie behind FileEnd that were there when the store
// was opened.
func (s *Snapshot) TailEvents() (n uint64) {
	for i := len(s.FileParts()); i < s.read(); i++ {
		n += uint64(s.parts[i].Image.Count)
	}
	return n
}

// Adopt returns fresh, which was opened from nothing but files that hold the
// first folded events of the writer's run, as what s becomes: it tells of the open
// of s.
func (s *Snapshot) Adopt(fresh *Snapshot, folded int) (*Snapshot, error) {
	n := *fresh
	n.options, n.report, n.recorded, n.mark = s.options, s.report, s.recorded, s.mark
	n.report.HiddenRanges = fresh.report.HiddenRanges
	n.appended, n.folded = folded, folded
	err := n.count()
	n.report.Allocator = max(n.report.Allocator, s.report.Allocator)
	return &n, err
}

// read is how many of the parts were made when the store was opened.
func (s *Snapshot) read() int {
	for i, p := range s.parts {
		if p.grown != nil {
			return i
		}
	}
	return len(s.parts)
}
