package store

import (
	"errors"
	"maps"
	"slices"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/core/visibility"
)

// Refresh returns the store as it is now. When only events were appended since s was
// taken, it reads and indexes just those and shares the rest with s. When nothing was, it
// returns s itself. reload is true when files were replaced or the tail had damage: the
// caller then opens the store again. s does not change.
//
// Refresh looks at the segments from the one in which the index ends, and at all of them
// without an index; of earlier ones it only compares the names. If the files are a
// [directory.Watcher] and the directory has its last time, it looks at the newest segment
// alone. An earlier segment that was replaced or cut is noticed when events in it are
// read, by an open that checks the index against its size, and by a verification. A writer
// that moves events, such as compaction, writes another index, which Refresh notices.
//
// stop is as in [Options]. After an error s can still be queried, but must not be
// refreshed again. At most one goroutine at a time may refresh snapshots of one chain.
func (s *Snapshot) Refresh(stop func() error) (fresh *Snapshot, reload bool, err error) {
	l, mark, err := s.look()
	if errors.Is(err, directory.ErrSwap) {
		return nil, true, nil
	}
	if err != nil {
		return nil, false, err
	}
	if s.settled() && s.sameFiles(l) {
		return s, false, nil
	}
	at, ok := s.scan.Resume()
	if !ok || s.report.renumbered() || !sameBefore(s.listing, l, at) {
		return nil, true, nil
	}
	hidden := s.listing.Others[visibility.FileName] != l.Others[visibility.FileName]
	grown := grownAfter(s.listing, l, at)
	if (grown || touched(s.listing, l)) && !s.lastEventStays(at) {
		return nil, true, nil
	}
	if !hidden && !grown {
		return s, false, nil
	}
	copied, options := *s, *s.options
	options.Stop = markStop(stop)
	defer func() { options.Stop = nil }() // as in Open
	copied.options, copied.listing, copied.mark = &options, l, mark
	n := &opening{Snapshot: &copied}
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
		if l.BytesAfter(at.Segment, at.Offset) >= segment.AheadBlock {
			n.scan.Parallel(options.Parallel)
		}
		before := n.scan.Log().Committed()
		if err := n.readTail(); err != nil {
			return nil, false, unmarkStop(err)
		}
		if _, ok := n.scan.Resume(); !ok {
			return nil, true, nil
		}
		if l.CountFrom(at.Segment) > 1 { // one file alone is no mix
			if swapped, err := l.Swapped(); err != nil || swapped {
				return nil, err == nil, err
			}
		}
		err = n.growTail(before)
	} else if err = n.hide(n.report.HiddenRanges); err == nil {
		err = n.count()
	}
	n.dropStop()
	return n.Snapshot, false, unmarkStop(err)
}

// look returns the listing and the sync mark as they are now. The listing is that of s when
// nothing changed.
func (s *Snapshot) look() (*directory.Listing, *synced.Mark, error) {
	if s.settled() {
		switch directory.Watch(s.files, s.listing) {
		case directory.Unchanged:
			return s.listing, s.mark, nil
		case directory.Grew:
			if l, mark, ok := s.lookAtNewest(); ok {
				return l, mark, nil
			}
		}
	}
	l, mark, _, err := list(s.files, s.options)
	if err != nil {
		return nil, nil, err
	}
	return l, mark, l.LookFrom(s.listing.First)
}

// lookAtNewest is look when the directory has the same names, and the newest segment grew. ok
// is false when only a listing can tell what is there. As in list, the sync mark is read
// before the look, so that it does not promise more than the look finds.
func (s *Snapshot) lookAtNewest() (l *directory.Listing, mark *synced.Mark, ok bool) {
	if e, ok := s.listing.Others[synced.FileName]; ok && !s.options.skips(synced.FileName) {
		m, err := directory.ReadMark(s.files, e)
		if err != nil || m.Segment != s.listing.Newest() {
			return nil, nil, false
		}
		mark = &m
	}
	l, err := s.listing.LookAtNewest()
	return l, mark, err == nil
}

// settled reports whether another reading of the same files would find the same. It is false
// when a file could not be read, or shrank while it was: that is worth another try.
func (s *Snapshot) settled() bool {
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
	return true
}

// sameFiles reports whether l is the listing of s.
func (s *Snapshot) sameFiles(l *directory.Listing) bool {
	return l == s.listing || maps.Equal(s.listing.Others, l.Others) &&
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

// touched reports whether the newest segment may have other content of the same length.
func touched(was, l *directory.Listing) bool {
	n := len(l.Segments)
	return n > 0 && n == len(was.Segments) && l.Segments[n-1].ModTime != was.Segments[n-1].ModTime
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
			_, err = s.readHere(e)
		}
		return err == nil
	}
	return true
}
