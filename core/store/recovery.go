package store

import (
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// Recovery says what a writer does to the newest segment before it appends. An unclean
// stop leaves that segment without a footer, with an end that was not acknowledged, or
// both. Appends then go to a new segment, so nothing is ever written after bytes that
// may not be part of the log.
//
// Recovering twice, or again after a stop half way, ends in the same bytes. Only the
// newest segment is changed, and only after its last acknowledged frame.
type Recovery struct {
	// Next is the id of the segment to append to.
	Next uint64
	// File is the newest segment, "" if it needs no change.
	File string
	// Remove is set when the segment holds no event: it is removed, and its id is used
	// again.
	Remove bool
	// Keep is the length to cut the segment to, before Footer is appended.
	Keep uint64
	// Cut is how many bytes are cut off.
	Cut uint64
	// SetAside is set when the cut bytes must be kept in a file of their own first. They
	// hold more than one write that was cut short, and synced.thaw, which says that they
	// were not acknowledged, may be older than they are.
	SetAside bool
	// Footer is to be appended at Keep.
	Footer []byte
}

// Recovery returns what a writer has to do.
//
// A damaged newest segment gets no footer, and only an end that synced.thaw does not
// vouch for is cut off: once the segment is no longer the newest, nothing shows that
// this end is not part of the log. A segment with an unfinished batch of batpak's gets
// no footer, and only the torn end is cut off, since any damage there is real. The same
// holds for a segment of batpak's while hidden ranges may use other numbers than its
// events.
func (s *Snapshot) Recovery() (Recovery, error) {
	newest := s.listing.Newest()
	r := Recovery{Next: s.listing.Highest() + 1}
	if s.mark.Lacks(newest) {
		r.Next = s.mark.Segment + 1 // an id is never used twice
		return r, nil
	}
	end := s.scan.Ending()
	if newest == 0 || end.Segment != newest || end.Sealed {
		return r, nil
	}
	size, _ := s.listing.Size(newest)
	torn := s.report.Torn
	blamed := s.report.blames(segment.Name(newest), end)
	if torn != nil && torn.Offset == 0 && !blamed { // no whole header: batpak opens no store with such a segment
		r.File, r.Remove, r.Next = segment.Name(newest), true, idAfterRemoval(s.listing)
		r.Cut, r.SetAside = size, torn.Frames
		return r, nil
	}
	// A footer would claim that batpak used the numbers of the log.
	if end.Mixed || blamed || s.report.renumbered() && !s.wrote(newest) {
		if torn != nil && (!blamed || torn.Unproven && torn.Offset > 0) {
			r.File, r.Keep, r.Cut, r.SetAside = segment.Name(newest), torn.Offset, size-min(torn.Offset, size), torn.Frames
		}
		return r, nil
	}
	footer, events, err := s.footer(newest, end.Whole)
	if err != nil {
		return r, err
	}
	if events == 0 {
		bare, err := bareSegment(s.files, newest, end.Whole)
		if err != nil {
			return r, err
		}
		if bare { // a stop right after a rotation
			r.File, r.Remove, r.Next = segment.Name(newest), true, idAfterRemoval(s.listing)
			r.Cut, r.SetAside = size, torn != nil && torn.Frames
			return r, nil
		}
	}
	r.File, r.Keep, r.Cut, r.Footer = segment.Name(newest), end.Whole, size-min(end.Whole, size), footer
	r.SetAside = torn != nil && torn.Frames
	return r, nil
}

// bareSegment reports whether a segment holds only its header up to offset whole. A
// segment without events of its own may hold the COMMIT of a batch of batpak's that
// began in the segment before.
func bareSegment(files directory.Files, id, whole uint64) (bool, error) {
	name := segment.Name(id)
	src, err := directory.Open(files, name)
	if err != nil {
		return false, err
	}
	_, size, err := segment.ReadHeader(src)
	return err == nil && whole <= uint64(size), source.Named(name, err)
}

// idAfterRemoval returns the id of the next segment when the newest is removed.
func idAfterRemoval(l *directory.Listing) uint64 {
	if highest := l.Highest(); highest > l.Newest() {
		return highest + 1
	}
	return l.Newest()
}

// blames reports whether the report lists anything about a segment that a footer
// might cover up.
func (r *Report) blames(name string, end replay.Ending) bool {
	for _, d := range r.Damages {
		if d.File == name {
			return true
		}
	}
	for _, refused := range r.Rejected {
		if refused.File == name && !end.CutFooter {
			return true
		}
	}
	return false
}
