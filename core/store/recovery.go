package store

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// Recovery is what a writer has to do to the newest segment before it appends:
// an unclean stop leaves it without a footer, with an end that was not
// acknowledged, or both. Appends then go to a new segment, so nothing is ever
// written behind bytes that nobody vouches for.
//
// Doing it twice, or again after a stop half way, ends in the same bytes. Only
// the newest segment is ever touched, and in it only what lies behind the last
// settled frame.
type Recovery struct {
	// Next is the id of the segment to append to.
	Next uint64
	// File is the newest segment, "" when nothing has to be done to it.
	File string
	// Remove says that it holds no event, so that the file goes and its id is
	// given out again.
	Remove bool
	// Keep is the length to cut the segment to, in front of Footer.
	Keep uint64
	// Cut is how many bytes that takes off.
	Cut uint64
	// SetAside says that the cut bytes are to be kept in a file of their own
	// first: they hold more than one write that was cut short, and the promise
	// that says nobody was told they were on disk may be older than they are.
	SetAside bool
	// Footer is to be appended at Keep.
	Footer []byte
}

// Recovery says what a writer has to do. A newest segment that is damaged gets
// no footer, and only an end that synced.thaw does not vouch for is cut off: when
// the segment is no longer the newest, nothing tells any more that what lies there
// is no part of the log. One that an unfinished batch of batpak's runs into gets no
// footer, and only what is torn is cut off, since behind it damage is damage. So it is
// with one of batpak's whose events may have had other numbers, while that matters.
func (s *Snapshot) Recovery() (Recovery, error) {
	newest := s.listing.Newest()
	r := Recovery{Next: s.listing.Highest() + 1}
	if s.mark.Lacks(newest) {
		r.Next = s.mark.Segment + 1 // an id is not given out twice
		return r, nil
	}
	end := s.scan.Ending()
	if newest == 0 || end.Segment != newest || end.Sealed {
		return r, nil
	}
	size, _ := s.listing.Size(newest)
	torn := s.report.Torn
	blamed := s.blames(segment.Name(newest), end)
	if torn != nil && torn.Offset == 0 && !blamed { // not even a header: batpak opens no store with such a segment
		r.File, r.Remove, r.Next = segment.Name(newest), true, s.afterRemoval()
		r.Cut, r.SetAside = size, torn.Frames
		return r, nil
	}
	// A footer would say that batpak had the numbers of the log.
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
		bare, err := s.bare(newest, end.Whole)
		if err != nil {
			return r, err
		}
		if bare { // a stop right behind a rotation
			r.File, r.Remove, r.Next = segment.Name(newest), true, s.afterRemoval()
			r.Cut, r.SetAside = size, torn != nil && torn.Frames
			return r, nil
		}
	}
	r.File, r.Keep, r.Cut, r.Footer = segment.Name(newest), end.Whole, size-min(end.Whole, size), footer
	r.SetAside = torn != nil && torn.Frames
	return r, nil
}

// bare reports whether a segment holds nothing but its header in front of whole.
// Without an event of its own it may hold the COMMIT of a batch of batpak's that
// went over the rotation.
func (s *Snapshot) bare(id, whole uint64) (bool, error) {
	name := segment.Name(id)
	src, err := directory.Open(s.files, name)
	if err != nil {
		return false, err
	}
	_, size, err := segment.ReadHeader(src)
	return err == nil && whole <= uint64(size), source.Named(name, err)
}

// afterRemoval is the id to begin behind a newest segment that goes.
func (s *Snapshot) afterRemoval() uint64 {
	if highest := s.listing.Highest(); highest > s.listing.Newest() {
		return highest + 1
	}
	return s.listing.Newest()
}

// blames reports whether the report holds anything against a segment that its
// footer might cover up.
func (s *Snapshot) blames(name string, end replay.Ending) bool {
	for _, d := range s.report.Damages {
		if d.File == name {
			return true
		}
	}
	for _, r := range s.report.Rejected {
		if r.File == name && !end.CutFooter {
			return true
		}
	}
	return false
}

// footer makes the footer of a segment whose frames end at offset at.
func (s *Snapshot) footer(id, at uint64) (footer []byte, events int, err error) {
	err = s.repairing(func() (err error) {
		footer, events, err = s.makeFooter(id, at)
		return err
	})
	return footer, events, err
}

func (s *Snapshot) makeFooter(id, at uint64) (footer []byte, events int, err error) {
	d := artifact.NewDraft()
	for _, p := range s.parts {
		if err := addSegment(d, p.now(), id); err != nil {
			return nil, 0, err
		}
	}
	return commit.AppendFooter(nil, d.Run(0, d.Mark()), at), d.Len(), nil
}

// addSegment adds the records of a part that lie in the newest segment.
func addSegment(d *artifact.Draft, p *part, id uint64) error {
	r := p.Reader()
	// Records are in the order of positions, so those are the last of the part.
	first := p.Image.Count
	for ; first > 0; first-- {
		raw, err := r.Record(first - 1)
		if err != nil {
			return err
		}
		if raw.Position().Segment != id {
			break
		}
	}
	for i := first; i < p.Image.Count; i++ {
		raw, err := r.Record(i)
		if err != nil {
			return err
		}
		rec := raw.Decode()
		if rec.Entity, err = internName(d, r, rec.Entity); err != nil {
			return err
		}
		if rec.Scope, err = internName(d, r, rec.Scope); err != nil {
			return err
		}
		if err := d.Add(&rec); err != nil {
			return err
		}
	}
	return nil
}

// internName returns the draft's number of a name that has a number in a part.
func internName(d *artifact.Draft, r *index.Reader, number uint32) (uint32, error) {
	name, err := r.Name(number)
	if err != nil {
		return 0, err
	}
	return d.Intern(name)
}
