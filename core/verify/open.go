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
	"github.com/thawlog/thaw/core/store"
)

// shown is what an open of the store shows.
type shown struct {
	way store.Way
	// sequences of the events, by their number in the truth.
	sequences []uint64
	allocator uint64
	// orderly says that nothing was appended since the snapshot that was taken.
	orderly bool
	// covers are the files that events are read from, and ends where each ends.
	covers []string
	ends   []artifact.Watermark
	// differs is the first event that is shown other than its frame says.
	differs *damage.Damage
}

// wayFile is the file that a way begins with, "" for the segments.
func wayFile(w store.Way) string {
	switch w {
	case store.FromIndex:
		return artifact.FileName
	case store.FromCheckpoint:
		return checkpoint.FileName
	}
	return ""
}

// open opens the store on every step of the ladder that has a file, and tells
// why a snapshot is not taken.
func (r *run) open() error {
	if _, ok := r.dir.byName[artifact.FileName]; !ok {
		r.findings.note(Note{Topic: NoSnapshot, File: artifact.FileName})
		if _, ok := r.dir.byName[checkpoint.FileName]; !ok { // which nobody misses beside the other
			r.findings.note(Note{Topic: NoSnapshot, File: checkpoint.FileName})
		}
	}
	s, base, err := r.openSkipping()
	if err != nil {
		return err
	}
	report := s.Report()
	r.shown.way, r.shown.allocator = report.OpenedFrom, report.Allocator
	if base != nil {
		end, _ := r.dir.segmentSize(r.dir.newest())
		r.shown.orderly = r.snapshots[len(r.snapshots)-1].watermark == artifact.Watermark{Segment: r.dir.newest(), Offset: end}
	}
	if err := r.showEvents(s); err != nil {
		return err
	}
	_, more := r.dir.byName[checkpoint.FileName]
	if r.shown.way != store.FromIndex || !more {
		return nil
	}
	_, _, err = r.openSkipping(artifact.FileName)
	return err
}

// openSkipping opens the store without some snapshots and judges those that are
// looked at. The one that was taken is returned and among the run's snapshots.
func (r *run) openSkipping(skip ...string) (*store.Snapshot, *snapshot, error) {
	s, err := store.Open(r.dir, store.Options{
		Seed: r.o.Seed, Stop: r.stop, ShowHidden: true,
		Skip: skip, MakeLookups: true, // the saved ones are looked at on their own
	})
	if err != nil {
		return nil, nil, err
	}
	report := s.Report()
	for _, why := range report.Rejected {
		switch {
		case errors.Is(why, damage.Stale), errors.Is(why, damage.Segments):
			r.findings.note(Note{Topic: Stale, File: why.File})
		case snapshotName(why.File):
			r.refused(why.File, why)
		}
	}
	for _, d := range report.Damages {
		if d.Reason == damage.Lost { // the rest is told by the frames
			r.findings.damage(d)
		}
	}
	file := wayFile(report.OpenedFrom)
	if file == "" {
		return s, nil, nil
	}
	r.consequences(file, &report)
	base, err := r.readSnapshot(file)
	if err != nil {
		return nil, nil, err
	}
	r.snapshots = append(r.snapshots, base)
	if report.OpenedFrom != store.FromIndex {
		return s, base, nil
	}
	return s, base, r.readParts(s)
}

// readParts begins to read the part files that an open has taken, and notes those
// that it did not look at.
func (r *run) readParts(s *store.Snapshot) error {
	names := s.FileNames(len(s.FileParts()))
	for i, name := range names[1:] {
		part := &snapshot{file: name, from: s.PartEnd(i)}
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
var errTail = errors.New("verify: the tail behind the watermark is damaged, read from the front it is not")

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
	errShown    = errors.New("verify: the event is shown other than its frame says")
	errNotShown = errors.New("verify: the event is not shown")
	errNoFrame  = errors.New("verify: there is no frame of the event at this place")
)

// showEvents compares what an open shows with the truth, and notes the
// sequences that events are shown under.
func (r *run) showEvents(s *store.Snapshot) error {
	t, sh := &r.truth, &r.shown
	sh.covers = s.FileNames(len(s.FileParts()))
	for i := range sh.covers {
		sh.ends = append(sh.ends, s.PartEnd(i))
	}
	sh.sequences = make([]uint64, t.len())
	for i := range sh.sequences {
		sh.sequences[i] = t.at(i).Sequence()
	}
	i := 0
	for e, err := range s.Query(store.Region{}, store.Page{}) {
		if err != nil {
			return err
		}
		for i < t.len() && before(t.at(i).Position(), e.Position) {
			sh.differ(t.at(i).Position(), t.at(i).ID(), e.Sequence, errNotShown)
			i++
		}
		if i == t.len() || t.at(i).Position() != e.Position {
			sh.differ(e.Position, e.ID, e.Sequence, errNoFrame)
			continue
		}
		raw := t.at(i)
		want := raw.Decode().Facts
		want.Sequence = e.Sequence
		if want != e.Facts || string(t.entity(raw)) != e.Entity || string(t.scope(raw)) != e.Scope {
			sh.differ(e.Position, e.ID, e.Sequence, errShown)
		}
		sh.sequences[i] = e.Sequence
		i++
	}
	if i < t.len() {
		sh.differ(t.at(i).Position(), t.at(i).ID(), t.at(i).Sequence(), errNotShown)
	}
	return nil
}

// differ keeps the first difference, which is that of the file that covers its place.
func (s *shown) differ(p event.Position, id event.ID, sequence uint64, why error) {
	if s.differs == nil {
		file := wayFile(s.way)
		if i := slices.IndexFunc(s.ends, func(end artifact.Watermark) bool { return inFront(p, end) }); i >= 0 {
			file = s.covers[i]
		}
		s.differs = at(file, 0, damage.Disagrees, why,
			&damage.Touched{ID: id, Sequence: sequence, Numbered: true})
	}
}

// before reports whether a lies in front of b in the log.
func before(a, b event.Position) bool {
	return cmp.Or(cmp.Compare(a.Segment, b.Segment), cmp.Compare(a.Offset, b.Offset)) < 0
}
