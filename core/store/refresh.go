package store

import (
	"errors"
	"maps"
	"slices"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/core/visibility"
)

// Refresh returns the store as it is now. When only events were appended since
// s was taken, it reads just those, makes the tail's tables anew and shares
// everything else with s; when nothing was, it returns s itself. When files were replaced, or the tail had
// damage, reload is true: then the caller opens anew. s stays as it is.
//
// It looks at the segments from the one on in which index.fbati or index.ckpt ends,
// at all of them without an index; of those in front it compares the names. That one
// of them was replaced or cut behind the store's back shows when events in it are
// read, in an open that holds the index against its size, and in a verification.
// Whoever moves events, as compaction does, writes another index, which is noticed.
//
// stop is as in [Options]. After an error s can still be queried, and is not to
// be refreshed again. At most one goroutine may refresh snapshots of one chain
// at a time.
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
	if !ok || s.report.renumbered() || !s.sameFiles(l, at) {
		return nil, true, nil
	}
	hidden := s.listing.Others[visibility.FileName] != l.Others[visibility.FileName]
	grown := s.grown(l, at)
	if !hidden && !grown {
		return s, false, nil
	}
	if grown && !s.lastHolds(at) {
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

// unchanged reports whether the directory is as it was, so that reading it again
// would find the same, damage included. A file that could not be read, or shrank
// while it was, is worth another try.
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

// sameFiles reports whether everything in front of the place that was read up
// to is as it was.
func (s *Snapshot) sameFiles(l *directory.Listing, at replay.Place) bool {
	if !maps.Equal(indexFiles(s.listing), indexFiles(l)) {
		return false
	}
	if len(l.Odd) != len(s.listing.Odd) || len(l.Segments) < len(s.listing.Segments) {
		return false
	}
	for i, was := range s.listing.Segments {
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

// indexFiles are the files of the index that a listing has looked at. When a writer
// has written another, opening anew costs less than to go on with a long tail.
func indexFiles(l *directory.Listing) map[string]directory.Entry {
	out := maps.Clone(l.Others)
	delete(out, synced.FileName)
	delete(out, visibility.FileName)
	return out
}

// lastHolds reports whether the last event that was read in the segment of a
// place is still there. A writer takes a write back that failed half way, and then
// others lie where its frames were seen; what is taken back is always the end.
func (s *Snapshot) lastHolds(at replay.Place) bool {
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

// grown reports whether there is anything behind the place that was not there
// before.
func (s *Snapshot) grown(l *directory.Listing, at replay.Place) bool {
	if len(l.Segments) != len(s.listing.Segments) {
		return true
	}
	for i, was := range s.listing.Segments {
		if was.ID >= at.Segment && l.Segments[i].Size != was.Size {
			return true
		}
	}
	return false
}
