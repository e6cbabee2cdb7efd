package salvage

import (
	"cmp"
	"errors"
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
)

// Options are the choices of a salvage. Hash is required.
type Options struct {
	// Hash is BLAKE3-256.
	Hash func(payload []byte) event.Hash
	// Seed makes places in hash tables unpredictable; any number will do.
	Seed uint64
	// Stop, if set, is called now and then during long work. Its error ends the work and is
	// returned.
	Stop func() error
	// Parallel is as in store.Options.
	Parallel func(n int, f func(i int))
	// ShowHidden shows what a damaged visibility_ranges.fbv hid. Without it such a store
	// is refused. A sound one stays in force.
	ShowHidden bool
	// KeepDoubtful keeps doubtful events that are left out by default.
	KeepDoubtful bool
}

// Salvage is a store that was examined. It is for one goroutine.
type Salvage struct {
	options  Options
	files    *view
	snapshot *store.Snapshot // of all events, hidden ones too
	placed   map[uint64]*candidate
	thinned  []uint64 // the ids of segments from which events are missing; they rise
	// bad has the events of the snapshot whose frames are not sound, in order, and
	// badOffsets has them by their places.
	bad        []*badEvent
	badOffsets map[place]*badEvent
	badPlaces  []place // sorted
	// extras are events that the snapshot lacks, or whose frames it cannot read, by rising
	// sequence.
	extras []extra
	// unfinished are items of batches that seem not to have been committed.
	unfinished []extra
	batches    int
	report     Report
	witness    witnesses
}

// badEvent is an event that the snapshot shows and whose frame is not sound.
type badEvent struct {
	event.Event
	err error
	// found is set when the event was recovered all the same.
	found bool
}

// extra is a sound event besides those that the snapshot can read.
type extra struct {
	event.Event        // its position is that in file
	file        string // a real name
	// repair is set when the frame must be encoded again.
	repair bool
	// doubt is why the event is doubtful, "" if it is not.
	doubt damage.Reason
	// numbered is set when its sequence is settled.
	numbered bool
	// batch tells the items of unfinished batches apart.
	batch int
}

// place is where a frame begins.
type place struct{ segment, offset uint64 }

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.segment, q.segment), cmp.Compare(p.offset, q.offset))
}

// unnumbered is the sequence of an event that has none.
const unnumbered = ^uint64(0)

// Examine reads a store. Its errors are those of [store.Open]: a [source.ReadError], which
// proves nothing about the bytes, and a [damage.Damage] of swap.thaw, or of
// visibility_ranges.fbv unless Options.ShowHidden is set. All other damage is in the report.
//
// The memory is 16 bytes for each event, some 150 for each entity, 300 for each damaged
// event, and what an open of the store takes.
func Examine(files directory.Files, o Options) (*Salvage, error) {
	var skip []string
	for {
		s, err := examine(files, o, skip)
		var why *damage.Refusal
		if !errors.As(err, &why) || why.File == "" || slices.Contains(skip, why.File) {
			return s, err
		}
		// A query met damage in an index, and the segments do not replace it.
		skip = append(skip, why.File)
		if why.File == index.FileName {
			skip = append(skip, artifact.FileName)
		}
	}
}

// examine is Examine without some files of an index.
func examine(files directory.Files, o Options, skip []string) (*Salvage, error) {
	files, err := directory.Resolve(files)
	if err != nil {
		return nil, err
	}
	s := &Salvage{
		options: o, files: newView(files), badOffsets: map[place]*badEvent{},
		witness: witnesses{
			events: map[event.ID]event.Event{}, reserved: map[event.ID]uint64{}, listed: map[event.ID]bool{},
			clocks: map[string]map[uint32]bool{},
		},
	}
	survey := survey{v: s.files, stop: o.Stop, report: &s.report, placed: map[uint64]*candidate{}}
	if err := survey.run(); err != nil {
		return nil, err
	}
	s.placed = survey.placed
	if err := s.open(skip); err != nil {
		return nil, err
	}
	covered, err := s.readFrames()
	if err != nil {
		return nil, err
	}
	if err := s.search(covered, survey.searched); err != nil {
		return nil, err
	}
	s.numberExtras()
	if err := s.resolveUnfinished(); err != nil {
		return nil, err
	}
	s.numberExtras()
	if err := s.reportDamages(); err != nil {
		return nil, err
	}
	if err := s.checkChains(); err != nil {
		return nil, err
	}
	s.sortFindings()
	return s, nil
}

// Report returns what was found. It must not be changed.
func (s *Salvage) Report() *Report { return &s.report }

// open opens the store: first as readers do, for the hidden ranges, and then with the
// hidden events.
func (s *Salvage) open(skip []string) error {
	o := store.Options{
		Seed: s.options.Seed, Hash: s.options.Hash, Stop: s.options.Stop, Parallel: s.options.Parallel,
		Lost: s.witness.lost, Skip: skip,
	}
	snapshot, err := store.Open(s.files, o)
	var d *damage.Damage
	if errors.As(err, &d) && s.options.ShowHidden {
		o.ShowHidden = true
		snapshot, err = store.Open(s.files, o)
	}
	if err != nil {
		return err
	}
	report := snapshot.Report()
	s.report.HiddenRanges, s.report.NextSequence = slices.Clone(report.HiddenRanges), report.NextSequence
	for _, name := range skip {
		s.report.Rejected = append(s.report.Rejected, &damage.Refusal{File: name, Reason: damage.Checksum, Offset: -1})
	}
	s.report.Rejected, s.report.Gaps = append(s.report.Rejected, report.Rejected...), report.Gaps
	s.report.Torn = report.Torn
	s.witness.take(&report)
	if len(report.HiddenRanges) > 0 {
		o.ShowHidden, o.Lost = true, nil
		if snapshot, err = store.Open(s.files, o); err != nil {
			return err
		}
	}
	s.snapshot = snapshot
	return nil
}

// all returns every event of the snapshot.
func (s *Salvage) all() func(yield func(event.Event, error) bool) {
	return s.snapshot.Query(query.Region{}, query.Page{})
}

// span is a sound frame.
type span struct{ offset, length uint64 }

// readFrames reads the frame of every event of the snapshot, and returns where the sound
// ones are.
func (s *Salvage) readFrames() (map[uint64][]span, error) {
	covered := map[uint64][]span{}
	var body segment.Body
	for f, err := range s.snapshot.Frames(s.all()) {
		if err != nil {
			return nil, err
		}
		var d *damage.Damage
		switch {
		case f.Err == nil:
			if err := segment.DecodeFrame(f.Raw, &body); err == nil && body.Form != segment.PayloadArray {
				s.report.Reencoded++
			}
			covered[f.Position.Segment] = append(covered[f.Position.Segment], span{f.Position.Offset, uint64(f.Position.Length)})
		case errors.As(f.Err, &d):
			e := &badEvent{Event: f.Event, err: f.Err}
			s.bad = append(s.bad, e)
			s.badOffsets[place{f.Position.Segment, f.Position.Offset}] = e
		default:
			return nil, f.Err
		}
	}
	s.badPlaces = make([]place, 0, len(s.bad))
	for at := range s.badOffsets {
		s.badPlaces = append(s.badPlaces, at)
	}
	slices.SortFunc(s.badPlaces, place.compare)
	for _, spans := range covered {
		slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.offset, b.offset) })
	}
	return covered, nil
}

// stopped calls Options.Stop, if set.
func (s *Salvage) stopped() error {
	if s.options.Stop == nil {
		return nil
	}
	return s.options.Stop()
}
