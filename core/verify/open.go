package verify

import (
	"cmp"
	"errors"
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
)

// shown is what an open of the store shows.
type shown struct {
	way store.Way
	// sequences of the events, by their number in the truth.
	sequences artifact.Numbers
	allocator uint64
	// hidden are the sequences that readers do not see.
	hidden visibility.Ranges
	// orderly says that nothing was appended since the snapshot that was taken.
	orderly bool
	// covers are the files that events are read from, and ends where each ends.
	covers []string
	ends   []artifact.Watermark
	// differs is the first event that is shown other than its frame says.
	differs *damage.Damage
}

// open opens the store on every step of the ladder that has a file, and reports
// why a snapshot is not taken.
func (r *run) open() error {
	if _, ok := r.dir.listing.Others[artifact.FileName]; !ok {
		r.findings.note(Note{Topic: NoSnapshot, File: artifact.FileName})
		if _, ok := r.dir.listing.Others[checkpoint.FileName]; !ok { // not missed beside the other
			r.findings.note(Note{Topic: NoSnapshot, File: checkpoint.FileName})
		}
	}
	var tail gathered
	s, report, base, err := r.openSkipping(tail.take)
	if err != nil {
		return err
	}
	r.shown.way, r.shown.allocator = report.OpenedFrom, report.NextSequence
	if base != nil {
		end, _ := r.dir.listing.Size(r.dir.listing.Newest())
		r.shown.orderly = r.snapshots[len(r.snapshots)-1].watermark == artifact.Watermark{Segment: r.dir.listing.Newest(), Offset: end}
	}
	if err := r.showEvents(s, &tail); err != nil {
		return err
	}
	if err := r.openHiding(s); err != nil {
		return err
	}
	_, more := r.dir.listing.Others[checkpoint.FileName]
	if r.shown.way != store.FromIndex || !more {
		return nil
	}
	_, _, _, err = r.openSkipping((*replay.Log).Forget, artifact.FileName)
	return err
}

// openHiding finds out what readers do not see. Where a range may name another event
// than the one with its number, that takes an open of theirs.
func (r *run) openHiding(s *store.Snapshot) error {
	r.shown.hidden = r.ranges.Ranges
	if len(r.ranges.Ranges) == 0 || !s.MayBeRenumbered() {
		return nil
	}
	reader, err := store.Open(r.dir, store.Options{Seed: r.o.Seed, Stop: r.stop})
	if err != nil {
		return err
	}
	report := reader.Report()
	for _, d := range report.Damages {
		if d.Reason == damage.Renumbered {
			r.findings.damage(d)
			r.shown.hidden = report.HiddenRanges
		}
	}
	return nil
}

// openSkipping opens the store without some snapshots and checks those that are
// looked at. The one that was taken is returned and among the run's snapshots; the report
// is that of an open that searches refused indexes for lost events. tail is
// given what is read after it.
func (r *run) openSkipping(tail func(*replay.Log), skip ...string) (s *store.Snapshot, report store.Report, base *snapshot, err error) {
	o := store.Options{Seed: r.o.Seed, Stop: r.stop, ShowHidden: true, Skip: skip, ValidateOnly: tail}
	if s, err = store.Open(r.dir, o); err != nil {
		return nil, report, nil, err
	}
	report = s.Report()
	if report.MayHaveLost() {
		o.ValidateOnly, o.BuildIndex = nil, true
		witness, err := store.Open(r.dir, o)
		if err != nil {
			return nil, report, nil, err
		}
		report = witness.Report()
	}
	for _, why := range report.Rejected {
		switch {
		case errors.Is(why, damage.Stale), errors.Is(why, damage.Segments):
			r.findings.note(Note{Topic: Stale, File: why.File})
		case checked(why.File):
			r.refused(why.File, why)
		}
	}
	for _, d := range report.Damages {
		if d.Reason == damage.Lost { // replay has reported the rest
			r.findings.damage(d)
		}
	}
	file := report.OpenedFrom.File()
	if file == "" {
		return s, report, nil, nil
	}
	r.consequences(file, &report)
	if base, err = r.readSnapshot(file); err != nil {
		return nil, report, nil, err
	}
	r.snapshots = append(r.snapshots, base)
	if report.OpenedFrom != store.FromIndex {
		return s, report, base, nil
	}
	return s, report, base, r.readParts(s)
}

// readParts begins to read the part files that an open has taken, and notes those
// that it did not look at.
func (r *run) readParts(s *store.Snapshot) error {
	files := s.IndexFiles()
	names := files.Names()
	for i, name := range names[1:] {
		part := &snapshot{file: name, from: files.Files[i].End}
		why, err := part.openPart(r.dir, r.stop)
		if err != nil {
			return err
		}
		if why != nil {
			r.refused(name, why)
			continue
		}
		part.used = make([]uint64, (part.names.Len()+63)/64)
		r.snapshots = append(r.snapshots, part)
		if err := part.next(); err != nil {
			return err
		}
	}
	for _, e := range r.dir.entries {
		if _, _, ok := index.ParsePartName(e.Name); ok && !slices.Contains(names, e.Name) && !r.findings.blamed(e.Name) {
			r.findings.note(Note{Topic: Stale, File: e.Name})
		}
	}
	return nil
}

// errTail is the cause when a watermark makes the tail look damaged.
var errTail = errors.New("verify: the tail after the watermark is damaged, read from the front it is not")

// consequences blames a snapshot for damage that only an open with it meets.
func (r *run) consequences(file string, report *store.Report) {
	for _, d := range report.Damages {
		if !r.findings.has(d) {
			r.findings.damage(at(file, 0, damage.WatermarkPosition, errTail, nil))
			return
		}
	}
}

// Causes of an event that is shown other than its frame says.
var (
	errNotShown = errors.New("verify: the event is not shown")
	errNoFrame  = errors.New("verify: there is no frame of the event at this place")
)

// showEvents compares what an open shows with the truth, and notes the
// sequences that events are shown under. Records are held against their frames later.
func (r *run) showEvents(s *store.Snapshot, tail *gathered) error {
	sh := &r.shown
	for _, f := range s.IndexFiles().Files {
		sh.covers, sh.ends = append(sh.covers, f.Name), append(sh.ends, f.End)
	}
	show := shower{run: r, truth: r.truth.places.all()}
	for _, base := range r.snapshots {
		for base.more {
			show.event(base.position(), base.record.Sequence)
			if err := base.next(); err != nil {
				return err
			}
		}
		if err := base.rewind(); err != nil {
			return err
		}
	}
	sequences := tail.log.Draft().Numbers()
	for at := tail.places.all(); at.more; at.next() {
		if err := r.each(at.i); err != nil {
			return err
		}
		show.event(at.at, sequences.At(at.i))
	}
	for show.truth.more {
		show.missing()
	}
	return nil
}

// shower takes the events that are shown, in order.
type shower struct {
	*run
	truth placesReader
}

// missing settles the next event of the truth, which is not shown.
func (s *shower) missing() {
	sequence := s.run.truth.numbers.At(s.truth.i)
	s.differ(s.truth.at, sequence, errNotShown)
	s.shown.sequences.Add(1, sequence)
	s.truth.next()
}

func (s *shower) event(p event.Position, sequence uint64) {
	for s.truth.more && before(s.truth.at, p) {
		s.missing()
	}
	if !s.truth.more || s.truth.at != p {
		s.differ(p, sequence, errNoFrame)
		return
	}
	s.shown.sequences.Add(1, sequence)
	s.truth.next()
}

// differ keeps the first difference, which is that of the file that covers its place.
func (r *run) differ(p event.Position, sequence uint64, why error) {
	s := &r.shown
	if s.differs != nil {
		return
	}
	file := s.way.File()
	if i := slices.IndexFunc(s.ends, func(end artifact.Watermark) bool { return end.Covers(p) }); i >= 0 {
		file = s.covers[i]
	}
	s.differs = at(file, 0, damage.Disagrees, why,
		&damage.Touched{ID: r.idAt(p), Sequence: sequence, Numbered: true})
}

// idAt is the id of the event whose frame lies at p, the zero ID where there is none.
func (r *run) idAt(p event.Position) (id event.ID) {
	src, err := r.dir.Open(segment.Name(p.Segment))
	if err != nil {
		return id
	}
	if step, ok := segment.NewWalker(src, p.Offset).Next(); ok && step.Body != nil && step.Offset == p.Offset {
		id = step.Body.ID
	}
	return id
}

// before reports whether a lies before b in the log.
func before(a, b event.Position) bool {
	return cmp.Or(cmp.Compare(a.Segment, b.Segment), cmp.Compare(a.Offset, b.Offset)) < 0
}
