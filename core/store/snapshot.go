package store

import (
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/synced"
)

// Snapshot is the store as it was at one moment. It is immutable. Any number of
// goroutines may query it; each iterator is for one of them.
type Snapshot struct {
	files   directory.Files
	options *Options
	listing *directory.Listing
	mark    *synced.Mark // nil without synced.thaw
	report  Report
	parts   []*part
	base    int // how many parts, from the first, were read from files of an index
	scan    *replay.Scan
	spilled spill
	// minNext bounds the report's next sequence from below. Lower sequences were given
	// out, as a lost index or a renumbered hidden range shows.
	minNext  uint64
	appended int  // events of the writer's run that are in parts
	flushed  int  // those of them that are in parts read from files
	adopted  bool // parts are read from index files, whatever the store was opened from
	// crossesUnsealed is set when the index covers a segment without a footer, so
	// batpak may have numbered the events after it otherwise: see numbering.
	crossesUnsealed bool
	goesOn          bool // see GoingOn

	lineage       *lineage.Lineage // of store.thaw, nil without
	lineageDamage *damage.Damage   // of store.thaw, nil if it is sound
}

// Report returns how the store was opened, and the damage that queries have met
// since. The slices must not be changed.
func (s *Snapshot) Report() Report {
	r := s.report
	for _, p := range s.parts {
		p.reportRepairs(&r)
	}
	r.Unclosed = s.unclosed()
	return r
}

// cursor lends a cursor over a part until its Release.
func (s *Snapshot) cursor(p *part) *query.Cursor { return p.now().Cursor(s.queryOptions()) }

// queryOptions returns the options that all queries of the snapshot share.
func (s *Snapshot) queryOptions() query.Options {
	o := query.Options{Hidden: s.report.HiddenRanges, Parallel: s.options.Parallel, Frames: (*frames)(s)}
	if s.options.CheckFrames {
		o.Check = s.checkFrame
	}
	if s.goesOn {
		o.Pass = passable
	}
	return o
}

// checkFrame compares an event with its frame, and returns it with the frame's time.
func (s *Snapshot) checkFrame(e event.Event) (event.Event, error) {
	full, err := s.readFrame(e)
	return full.Event, err
}

// frames is a snapshot as [query.Frames].
type frames Snapshot

// Timed implements query.Frames. It checks the frame as Read does.
func (s *frames) Timed(e event.Event) (event.Event, error) { return (*Snapshot)(s).checkFrame(e) }

// At returns the visible event with a sequence, or [ErrNotFound].
func (s *Snapshot) At(sequence uint64) (e event.Event, err error) {
	err = s.repairing(func() (err error) {
		e, err = s.at(sequence)
		return err
	})
	return e, err
}

func (s *Snapshot) at(sequence uint64) (event.Event, error) {
	if s.report.HiddenRanges.Hides(sequence) {
		return event.Event{}, ErrNotFound
	}
	for _, p := range s.parts {
		if last, ok := p.now().Index.Last(); ok && sequence <= last {
			return s.atIn(p, sequence)
		}
	}
	return event.Event{}, ErrNotFound
}

func (s *Snapshot) atIn(p *part, sequence uint64) (event.Event, error) {
	c := s.cursor(p)
	defer c.Release()
	e, ok, err := c.At(sequence)
	if err == nil && !ok {
		err = ErrNotFound
	}
	return e, err
}

// Get returns the first visible event with an id, or [ErrNotFound]. The zero id is
// [commit.ErrZeroID].
func (s *Snapshot) Get(id event.ID) (e event.Event, err error) {
	if err := commit.CheckID(id); err != nil {
		return event.Event{}, err
	}
	err = s.repairing(func() (err error) {
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
