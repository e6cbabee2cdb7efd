// Package store answers queries over a directory of files: the read-only store
// as pure logic. It reads through [Files], which a host implements over a file
// system, a plugin over its host and a web page over dropped files.
//
// [Open] takes the first of these that holds up: index.fbati, then index.ckpt,
// each with the frames behind its watermark; else every segment. [Report] tells
// which, and all that was not taken. A [Snapshot] is then a list of parts, the
// index's records and the tail's, each with the lookups of package index, and a
// query is the answer of the first part followed by those of the next.
package store

import (
	"errors"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/synced"
)

// ErrNotFound is returned for an event id that no visible event has.
var ErrNotFound = errors.New("thaw: no visible event has this id")

// Snapshot is the store as it was at one moment. It is immutable; any number
// of goroutines may query it, and an iterator is for one of them.
type Snapshot struct {
	files   directory.Files
	options *Options
	listing *directory.Listing
	report  Report
	parts   []*part
	base    int // how many of the parts came from index.fbati or index.ckpt
	scan    *replay.Scan
	// recorded is the allocator of a witness: see hearWitness.
	recorded uint64
	appended int  // events of the writer's run that are in some part
	folded   int  // those of them that are in parts that were read from files
	last     bool // the open is the last try
	// noLookups says that index.thaw was found to be of no use in this open.
	noLookups bool
	// crosses says that the index goes over a segment that was not sealed, and that
	// nothing says which numbers batpak had behind that: see numbering.
	crosses bool
	// mark is synced.thaw, nil without one.
	mark *synced.Mark
}

// Report tells how the store was opened. The slices must not be changed.
func (s *Snapshot) Report() Report {
	r := s.report
	s.late(&r)
	r.Unclosed = s.unclosed()
	return r
}

// unclosed is Report.Unclosed.
func (s *Snapshot) unclosed() bool {
	if _, ok := s.listing.Others[synced.FileName]; ok {
		return true
	}
	end := s.scan.Ending()
	return end.Segment > 0 && end.Segment == s.listing.Newest() && !end.Sealed
}

// cursor lends a cursor over a part until its Release.
func (s *Snapshot) cursor(p *part) *query.Cursor { return p.now().Cursor(s.asked()) }

// asked is what all questions of the snapshot have in common.
func (s *Snapshot) asked() query.Options {
	o := query.Options{Hidden: s.report.HiddenRanges, Parallel: s.options.Parallel}
	if s.options.CheckFrames {
		o.Check = s.checkFrame
	}
	return o
}

// checkFrame compares an event with its frame, and gives it the time that the frame
// has.
func (s *Snapshot) checkFrame(e *event.Event) error {
	full, err := s.readFrame(*e)
	if err == nil {
		*e = full.Event
	}
	return err
}

// Get returns the first visible event with an id, or [ErrNotFound]. The zero id is
// [commit.ErrZeroID].
func (s *Snapshot) Get(id event.ID) (e event.Event, err error) {
	if err := commit.CheckID(id); err != nil {
		return event.Event{}, err
	}
	err = s.mending(func() (err error) {
		e, err = s.get(id)
		return err
	})
	return e, err
}

func (s *Snapshot) get(id event.ID) (event.Event, error) {
	for _, p := range s.parts {
		if e, ok, err := s.getFrom(p, id); ok || err != nil {
			return e, err
		}
	}
	return event.Event{}, ErrNotFound
}

func (s *Snapshot) getFrom(p *part, id event.ID) (event.Event, bool, error) {
	c := s.cursor(p)
	defer c.Release()
	e, _, ok, err := c.First(id, c.Visible)
	return e, ok, err
}
