package store

import (
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/index"
)

// Grow returns s followed by the records of run, which a writer has appended since;
// nextSequence is the sequence after them. s does not change.
func (s *Snapshot) Grow(run artifact.Run, nextSequence uint64) (*Snapshot, error) {
	n := *s
	if err := n.addMemtable(run, nextSequence); err != nil {
		return nil, err
	}
	n.appended += run.Len()
	err := n.count()
	n.report.NextSequence = max(n.report.NextSequence, nextSequence)
	return &n, err
}

// addMemtable adds the records of run to s, which must be a copy that nothing reads yet, as
// a memtable. Small memtables at the end are merged as a binary counter carries: n events
// that arrive one by one cost n log n, and a query meets at most log n memtables.
func (s *Snapshot) addMemtable(run artifact.Run, nextSequence uint64) error {
	d := artifact.NewDraft()
	count, first := run.Len(), len(s.parts)
	for first > s.opened() && s.parts[first-1].memtable.Len() <= 2*count {
		first--
		count += s.parts[first].memtable.Len()
	}
	for _, p := range s.parts[first:] {
		if err := d.AppendFrom(p.memtable, 0); err != nil {
			return err
		}
	}
	if err := d.AppendRun(run); err != nil {
		return err
	}
	p, err := draftPart(d, validated(nextSequence), s.options)
	if err != nil {
		return err
	}
	p.memtable = d
	s.parts = append(slices.Clone(s.parts[:first]), p)
	return nil
}

// Appended returns how many events the snapshot has of those that Grow was given.
func (s *Snapshot) Appended() int { return s.appended }

// Flushed returns how many of the Appended events are read from index files.
func (s *Snapshot) Flushed() int { return s.flushed }

// Adopt returns the snapshot that replaces s after a flush: the parts of fresh, which
// was opened with Options.IndexOnly from files that hold the first flushed events of the
// writer's run, with the report of s.
//
// tags, which may be nil, are those of the file that was written last. The tags of the other
// files go on.
func (s *Snapshot) Adopt(fresh *Snapshot, flushed int, tags *index.Tags) (*Snapshot, error) {
	n := *fresh
	n.tag(s, tags)
	n.options, n.report, n.minNext, n.mark = s.options, s.report, s.minNext, s.mark
	n.report.HiddenRanges = fresh.report.HiddenRanges
	n.appended, n.flushed, n.adopted = flushed, flushed, true
	err := n.count()
	n.report.NextSequence = max(n.report.NextSequence, s.report.NextSequence)
	return &n, err
}

// mostTags bounds the bytes of the tags of all index files.
const mostTags = 64 << 20

// tag gives the parts of a fresh snapshot the tags of those of the snapshot before, and the
// new ones: each part takes those that belong to it. Parts that are left without are read.
func (s *Snapshot) tag(before *Snapshot, tags *index.Tags) {
	size := 0
	for i := s.opened() - 1; i >= 0; i-- {
		t := s.parts[i].Index
		t.SetTags(tags)
		for _, p := range before.parts[:before.opened()] {
			if t.Tags() == nil {
				t.SetTags(p.Index.Tags())
			}
		}
		if size += t.Tags().Size(); size > mostTags {
			t.DropTags()
		}
	}
}

// opened returns how many parts were made when the store was opened. The rest are
// memtables.
func (s *Snapshot) opened() int {
	for i, p := range s.parts {
		if p.memtable != nil {
			return i
		}
	}
	return len(s.parts)
}
