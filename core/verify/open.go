package verify

import (
	"cmp"
	"errors"
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
)

// view is what readers see of the store after an open.
type view struct {
	way store.Way
	// sequences holds the sequences of the events by their number in the truth.
	sequences artifact.Numbers
	next      uint64 // the sequence after every event
	// hidden holds the sequences that readers do not see.
	hidden visibility.Ranges
	// orderly says that the index image in use covers the whole log.
	orderly bool
	// covers lists the index files in use, and ends the watermark of each.
	covers []string
	ends   []artifact.Watermark
	// differs is the first event of the view that differs from its frame.
	differs *damage.Damage
}

// open opens the store from index.fbati and from index.ckpt, as far as they exist, and
// reports why an open refuses an index image.
func (c *check) open() error {
	if _, ok := c.dir.listing.Others[artifact.FileName]; !ok {
		c.findings.note(Note{Topic: NoSnapshot, File: artifact.FileName})
		if _, ok := c.dir.listing.Others[checkpoint.FileName]; !ok { // not missed beside index.fbati
			c.findings.note(Note{Topic: NoSnapshot, File: checkpoint.FileName})
		}
	}
	var tail placeCollector
	s, report, base, err := c.openSkipping(tail.take)
	if err != nil {
		return err
	}
	c.view.way, c.view.next = report.OpenedFrom, report.NextSequence
	if base != nil {
		end, _ := c.dir.listing.Size(c.dir.listing.Newest())
		c.view.orderly = c.images[len(c.images)-1].watermark == artifact.Watermark{Segment: c.dir.listing.Newest(), Offset: end}
	}
	if err := c.compareView(s, &tail); err != nil {
		return err
	}
	if err := c.openHiding(s); err != nil {
		return err
	}
	_, more := c.dir.listing.Others[checkpoint.FileName]
	if c.view.way != store.FromIndex || !more {
		return nil
	}
	_, _, _, err = c.openSkipping((*replay.Log).Forget, artifact.FileName)
	return err
}

// openHiding sets the hidden ranges of the view. If the events may have been renumbered,
// it opens the store as a reader does, which adjusts the ranges.
func (c *check) openHiding(s *store.Snapshot) error {
	c.view.hidden = c.ranges.Ranges
	if len(c.ranges.Ranges) == 0 || !s.MayBeRenumbered() {
		return nil
	}
	reader, err := store.Open(c.dir, store.Options{Seed: c.o.Seed, Stop: c.stop})
	if err != nil {
		return err
	}
	report := reader.Report()
	for _, d := range report.Damages {
		if d.Reason == damage.Renumbered {
			c.findings.damage(d)
			c.view.hidden = report.HiddenRanges
		}
	}
	return nil
}

// openSkipping opens the store without some index images and checks those that the open
// reads. It returns the accepted image as base, which it adds to c.images. tail gets the
// log after that image. If events may be lost, report is that of a second open that
// searches the refused images for them.
func (c *check) openSkipping(tail func(*replay.Log), skip ...string) (s *store.Snapshot, report store.Report, base *imageReader, err error) {
	o := store.Options{Seed: c.o.Seed, Stop: c.stop, ShowHidden: true, Skip: skip, ValidateOnly: tail}
	if s, err = store.Open(c.dir, o); err != nil {
		return nil, report, nil, err
	}
	report = s.Report()
	if report.MayHaveLost() {
		o.ValidateOnly, o.BuildIndex = nil, true
		witness, err := store.Open(c.dir, o)
		if err != nil {
			return nil, report, nil, err
		}
		report = witness.Report()
	}
	for _, why := range report.Rejected {
		switch {
		case errors.Is(why, damage.Stale), errors.Is(why, damage.Segments):
			c.findings.note(Note{Topic: Stale, File: why.File})
		case checked(why.File):
			c.refused(why.File, why)
		}
	}
	for _, d := range report.Damages {
		if d.Reason == damage.Lost { // replay reported the rest
			c.findings.damage(d)
		}
	}
	file := report.OpenedFrom.File()
	if file == "" {
		return s, report, nil, nil
	}
	c.consequences(file, &report)
	if base, err = c.openImage(file); err != nil {
		return nil, report, nil, err
	}
	c.images = append(c.images, base)
	if report.OpenedFrom != store.FromIndex {
		return s, report, base, nil
	}
	return s, report, base, c.readParts(s)
}

// readParts opens the part files that the open accepted, and notes those that it
// ignored.
func (c *check) readParts(s *store.Snapshot) error {
	files := s.IndexFiles()
	names := files.Names()
	for i, name := range names[1:] {
		part := &imageReader{file: name, from: files.Files[i].End}
		why, err := part.openPart(c.dir, c.stop)
		if err != nil {
			return err
		}
		if why != nil {
			c.refused(name, why)
			continue
		}
		part.used = make([]uint64, (part.names.Len()+63)/64)
		c.images = append(c.images, part)
		if err := part.next(); err != nil {
			return err
		}
	}
	for _, e := range c.dir.entries {
		ignored := directory.KindOf(e.Name) == directory.Part && !slices.Contains(names, e.Name)
		if ignored && !c.findings.blamed(e.Name) && !c.findings.noted(e.Name, Stale) {
			c.findings.note(Note{Topic: Stale, File: e.Name})
		}
	}
	return nil
}

// errTail is the cause of damage for a watermark that makes the tail look damaged.
var errTail = errors.New("verify: the tail is damaged when read from the watermark, and sound when read from the first segment")

// consequences blames an index image for damage that only an open with it reports.
func (c *check) consequences(file string, report *store.Report) {
	for _, d := range report.Damages {
		if !c.findings.has(d) {
			c.findings.damage(at(file, 0, damage.WatermarkPosition, errTail, nil))
			return
		}
	}
}

// Causes of damage for an event of the view that differs from its frame.
var (
	errNotShown = errors.New("verify: readers do not see the event")
	errNoFrame  = errors.New("verify: the event has no frame at its position")
)

// compareView compares the places of the view's events with the truth and records their
// sequences. Records are compared with their frames later.
func (c *check) compareView(s *store.Snapshot, tail *placeCollector) error {
	sh := &c.view
	for _, f := range s.IndexFiles().Files {
		sh.covers, sh.ends = append(sh.covers, f.Name), append(sh.ends, f.End)
	}
	show := viewCheck{check: c, truth: c.truth.places.all()}
	for _, base := range c.images {
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
		if err := c.each(at.i); err != nil {
			return err
		}
		show.event(at.at, sequences.At(at.i))
	}
	for show.truth.more {
		show.missing()
	}
	return nil
}

// viewCheck compares the events of the view, in order, with the truth.
type viewCheck struct {
	*check
	truth placesReader
}

// missing handles the next event of the truth, which the view lacks.
func (s *viewCheck) missing() {
	sequence := s.check.truth.numbers.At(s.truth.i)
	s.differ(s.truth.at, sequence, errNotShown)
	s.view.sequences.Add(1, sequence)
	s.truth.next()
}

// event handles the next event of the view.
func (s *viewCheck) event(p event.Position, sequence uint64) {
	for s.truth.more && before(s.truth.at, p) {
		s.missing()
	}
	if !s.truth.more || s.truth.at != p {
		s.differ(p, sequence, errNoFrame)
		return
	}
	s.view.sequences.Add(1, sequence)
	s.truth.next()
}

// differ records the first difference, and blames the file that covers its place.
func (c *check) differ(p event.Position, sequence uint64, why error) {
	s := &c.view
	if s.differs != nil {
		return
	}
	file := s.way.File()
	if i := slices.IndexFunc(s.ends, func(end artifact.Watermark) bool { return end.Covers(p) }); i >= 0 {
		file = s.covers[i]
	}
	s.differs = at(file, 0, damage.Disagrees, why,
		&damage.Touched{ID: c.idAt(p), Sequence: sequence, Numbered: true})
}

// idAt returns the id of the event whose frame lies at p, or the zero ID.
func (c *check) idAt(p event.Position) (id event.ID) {
	src, err := c.dir.Open(segment.Name(p.Segment))
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
