package store

import (
	"errors"
	"maps"
	"slices"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/visibility"
)

// Refresh returns the store as it is now. When only events were appended since s was
// taken, it reads just those, rebuilds the tail's index and shares the rest with s. When
// nothing was, it returns s itself. reload is true when files were replaced or the tail
// had damage: the caller then opens the store again. s does not change.
//
// Refresh looks at the segments from the one in which the index ends, and at all of them
// without an index; of earlier ones it only compares the names. An earlier segment that
// was replaced or cut is noticed when events in it are read, by an open that checks the
// index against its size, and by a verification. A writer that moves events, such as
// compaction, writes another index, which Refresh notices.
//
// stop is as in [Options]. After an error s can still be queried, but must not be
// refreshed again. At most one goroutine at a time may refresh snapshots of one chain.
func (s *Snapshot) Refresh(stop func() error) (fresh *Snapshot, reload bool, err error) {
	l, mark, _, err := list(s.files, s.options)
	if err != nil {
		return nil, false, err
	}
	if err := l.LookFrom(s.listing.First); err != nil {
		return nil, false, err
	}
	if s.unchanged(l) {
		return s, false, nil
	}
	at, ok := s.scan.Resume()
	if !ok || s.report.renumbered() || !sameBefore(s.listing, l, at) {
		return nil, true, nil
	}
	hidden := s.listing.Others[visibility.FileName] != l.Others[visibility.FileName]
	grown := grownAfter(s.listing, l, at)
	if !hidden && !grown {
		return s, false, nil
	}
	if grown && !s.lastEventStays(at) {
		return nil, true, nil
	}
	options := *s.options
	options.Stop = markStop(stop)
	defer func() { options.Stop = nil }() // as in Open
	n := &opening{Snapshot: &Snapshot{
		files:   s.files,
		options: &options,
		listing: l,
		report:  s.report,
		base:    s.base,
		parts:   append([]*part(nil), s.parts...),
		scan:    s.scan,

		minNext:         s.minNext,
		crossesUnsealed: s.crossesUnsealed,
		mark:            mark,
	}}
	if hidden {
		ranges, err := loadHidden(n.files, l)
		if err != nil {
			return nil, false, err
		}
		if s.base > 0 && s.crossesUnsealed && len(ranges) > 0 {
			return nil, true, nil
		}
		if !options.ShowHidden {
			n.report.HiddenRanges = ranges
		}
	}
	if grown {
		n.report.Rejected = slices.Clip(n.report.Rejected)
		n.report.Damages = slices.Clip(n.report.Damages)
		n.scan = s.scan.Continue(options.Stop)
		n.scan.Parallel(options.Parallel)
		if err := n.readTail(); err != nil {
			return nil, false, unmarkStop(err)
		}
		if _, ok := n.scan.Resume(); !ok {
			return nil, true, nil
		}
		n.parts = n.parts[:n.base]
		err = n.addTail()
	} else if err = n.hide(n.report.HiddenRanges); err == nil {
		err = n.count()
	}
	n.dropStop()
	return n.Snapshot, false, unmarkStop(err)
}

// unchanged reports whether l is the listing of s, so that reading again would find the
// same, damage included. It is false when a file could not be read, or shrank while it
// was: that is worth another try.
func (s *Snapshot) unchanged(l *directory.Listing) bool {
	for _, d := range s.report.Damages {
		if errors.Is(d, source.ErrShort) {
			return false
		}
	}
	for _, r := range s.report.Rejected {
		if r.Reason == damage.Unreadable {
			return false
		}
	}
	return maps.Equal(s.listing.Others, l.Others) &&
		slices.Equal(s.listing.Segments, l.Segments) && slices.Equal(s.listing.Odd, l.Odd)
}

// sameBefore reports whether everything before a place is in l as it was.
func sameBefore(was, l *directory.Listing, at replay.Place) bool {
	if !maps.Equal(indexFiles(was), indexFiles(l)) {
		return false
	}
	if len(l.Odd) != len(was.Odd) || len(l.Segments) < len(was.Segments) {
		return false
	}
	for i, was := range was.Segments {
		is := l.Segments[i]
		if is.ID != was.ID || is.Stamp != was.Stamp {
			return false
		}
		if is.Size < was.Size && (is.ID != at.Segment || uint64(is.Size) < at.Offset) {
			return false
		}
		if is.ID < at.Segment && is.Size != was.Size {
			return false
		}
	}
	return true
}

// indexFiles returns the index files of a listing. When a writer has written another
// index, opening it costs less than going on with a long tail.
func indexFiles(l *directory.Listing) map[string]directory.Entry {
	out := maps.Clone(l.Others)
	maps.DeleteFunc(out, func(name string, _ directory.Entry) bool { return directory.KindOf(name).Latest() })
	return out
}

// grownAfter reports whether l has anything after a place that was not there before.
func grownAfter(was, l *directory.Listing, at replay.Place) bool {
	if len(l.Segments) != len(was.Segments) {
		return true
	}
	for i, was := range was.Segments {
		if was.ID >= at.Segment && l.Segments[i].Size != was.Size {
			return true
		}
	}
	return false
}

// lastEventStays reports whether the last event that was read in the segment of a place
// is still there. A writer truncates a failed write, and other frames may
// then lie where it was seen. It truncates only the end, so the last event shows it.
func (s *Snapshot) lastEventStays(at replay.Place) bool {
	for i := len(s.parts) - 1; i >= 0; i-- {
		p := s.parts[i].now()
		if p.Image.Count == 0 {
			continue
		}
		c := s.cursor(p)
		r, err := c.Record(p.Image.Count - 1)
		if err != nil || r.Position().Segment != at.Segment {
			return err == nil
		}
		e, err := c.Event(r)
		if err == nil {
			_, err = s.Read(e)
		}
		return err == nil
	}
	return true
}
