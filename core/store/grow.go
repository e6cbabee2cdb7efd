package store

import (
	"github.com/thawlog/thaw/core/artifact"
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
	// A reader does not wait for the stop of an open that is long over.
	options := *s.options
	options.Stop = nil
	p, err := draftPart(d, judged(allocator), &options)
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

// Appended is how many events Grow has added.
func (s *Snapshot) Appended() int { return s.appended }

// Tail is how many events lie behind what index.fbati covers, and how many that
// covers: none, when it was not what the store was opened from.
func (s *Snapshot) Tail() (tail, covered uint64) {
	for i, p := range s.parts {
		if i < s.base && s.report.OpenedFrom == FromIndex {
			covered += uint64(p.image.Count)
			continue
		}
		tail += uint64(p.image.Count)
	}
	return tail, covered
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
