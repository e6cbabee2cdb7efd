package store

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/visibility"
)

// Options are the choices of an open. The zero Options are safe.
type Options struct {
	// Seed makes places in hash tables unpredictable; any number will do.
	Seed uint64
	// Hash, when set, checks every payload that is read against its recorded
	// BLAKE3-256 digest.
	Hash func(payload []byte) event.Hash
	// Stop, when set, is asked now and then while work is long; its error ends
	// the work and is returned.
	Stop func() error
	// Strict makes damage an error of Open instead of a line in the report.
	Strict bool
	// ShowHidden leaves cancelled fences aside, and with them the file that
	// records them, readable or not. It is for salvage: what it shows was
	// promised to stay hidden.
	ShowHidden bool
	// CheckFrames compares every event that an iteration returns with its frame
	// first, so that not even an artifact that lies under a valid checksum can
	// change an answer. It costs a read and a decode per event.
	CheckFrames bool
	// Skip names snapshots that are not to be looked at, for tests and tools.
	Skip []string
}

func (o *Options) stopped() error {
	if o.Stop == nil {
		return nil
	}
	return o.Stop()
}

// stopError marks the error of Options.Stop, so that it is not taken for
// trouble with a file.
type stopError struct{ err error }

func (e stopError) Error() string { return e.err.Error() }
func (e stopError) Unwrap() error { return e.err }

// openTries is how often an open starts again because a segment went away
// after it was listed, which compaction by another process does.
const openTries = 5

// Open reads a store: the artifact, else the checkpoint, else every segment,
// and the tail behind. A file that can be done without never makes it fail.
// The errors are those of Files, a [damage.Damage] of visibility_ranges.fbv,
// which fails closed, and with Options.Strict the first damage.
func Open(files Files, o Options) (*Snapshot, error) {
	if stop := o.Stop; stop != nil {
		o.Stop = func() error {
			if err := stop(); err != nil {
				return stopError{err}
			}
			return nil
		}
	}
	s, err := open(files, &o)
	for try := 1; try < openTries && errors.Is(err, ErrGone); try++ {
		s, err = open(files, &o)
	}
	var stop stopError
	if errors.As(err, &stop) {
		return nil, stop.err
	}
	if err != nil {
		return nil, err
	}
	if err := s.report.Damaged(); err != nil && o.Strict {
		return nil, err
	}
	return s, nil
}

func open(files Files, o *Options) (*Snapshot, error) {
	l, err := list(files)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{files: files, options: o, listing: l}
	if s.report.HiddenRanges, err = loadHidden(files, l, o); err != nil {
		return nil, err
	}
	for _, e := range l.odd {
		s.report.Damages = append(s.report.Damages, &damage.Damage{
			File: e.Name, Reason: damage.NotRegular, EndSequence: damage.UnknownEnd,
		})
	}
	base, err := s.loadBase()
	if err != nil {
		return nil, err
	}
	taken, err := s.taken()
	if err != nil {
		return nil, err
	}
	s.scan = replay.NewScan(replay.NewLog(taken, base.allocator), base.watermark.Segment, o.Stop)
	if err := s.readSegments(replay.Place{Segment: base.watermark.Segment, Offset: base.watermark.Offset}); err != nil {
		return nil, err
	}
	if err := s.settle(); err != nil {
		return nil, err
	}
	return s, nil
}

// base is what a snapshot of the index covers.
type base struct {
	watermark artifact.Watermark
	allocator uint64
}

// loadBase takes the first of index.fbati and index.ckpt that holds up as the
// snapshot's first part. Without one the base is empty.
func (s *Snapshot) loadBase() (base, error) {
	s.report.OpenedFrom = FromSegments
	for _, c := range []struct {
		name string
		way  Way
		load func(source.Source) (*part, base, error)
	}{
		{artifact.FileName, FromIndex, s.loadIndex},
		{checkpoint.FileName, FromCheckpoint, s.loadCheckpoint},
	} {
		e, ok := s.listing.other[c.name]
		if !ok || s.options.skips(c.name) {
			continue
		}
		p, b, err := s.tryBase(e, c.load)
		var stop stopError
		if errors.As(err, &stop) {
			return base{}, err
		}
		if errors.Is(err, ErrGone) { // replaced or removed since the listing
			continue
		}
		if err != nil {
			s.report.Rejected = append(s.report.Rejected, refusal(c.name, err))
			continue
		}
		s.report.OpenedFrom = c.way
		s.parts, s.base = append(s.parts, p), 1
		return b, nil
	}
	return base{}, nil
}

func (o *Options) skips(name string) bool {
	for _, s := range o.Skip {
		if s == name {
			return true
		}
	}
	return false
}

func (s *Snapshot) tryBase(e Entry, load func(source.Source) (*part, base, error)) (*part, base, error) {
	if !e.Regular {
		return nil, base{}, damage.Refuse(damage.NotRegular, -1, nil)
	}
	src, err := s.files.Open(e.Name)
	if err != nil {
		return nil, base{}, err
	}
	p, b, err := load(src)
	if err != nil {
		return nil, base{}, err
	}
	size, _ := s.listing.size(b.watermark.Segment)
	return p, b, checkBoundary(s.files, p, b.watermark, size)
}

func (s *Snapshot) loadIndex(src source.Source) (*part, base, error) {
	p, h, err := loadArtifact(src, s.listing.size, s.options)
	return p, base{h.Watermark, h.Allocator}, err
}

func (s *Snapshot) loadCheckpoint(src source.Source) (*part, base, error) {
	raw := make([]byte, max(src.Size(), 0))
	if err := source.Read(src, raw, 0); err != nil {
		return nil, base{}, damage.Refuse(damage.Unreadable, 0, err)
	}
	c, err := checkpoint.Decode(raw)
	if err != nil {
		return nil, base{}, err
	}
	b := base{c.Watermark, c.Allocator}
	if err := checkWatermark(c.Watermark, s.listing.size); err != nil {
		return nil, b, err
	}
	d := artifact.NewDraft()
	for range c.Entries {
		e, err := c.Next()
		if err != nil {
			return nil, b, err
		}
		switch n := uint32(c.Names.Len()); {
		case e.Entity >= n:
			return nil, b, damage.Refuse(damage.EntityIndex, -1, nil)
		case e.Scope >= n:
			return nil, b, damage.Refuse(damage.ScopeIndex, -1, nil)
		case e.Entity == 0 || e.Scope == 0:
			return nil, b, damage.Refuse(damage.Coordinate, -1, nil)
		}
		if err := d.Append(&e.Facts, c.Names.At(e.Entity), c.Names.At(e.Scope)); err != nil {
			return nil, b, damage.Refuse(damage.Records, -1, err)
		}
	}
	if err := c.End(); err != nil {
		return nil, b, err
	}
	p, err := draftPart(d, index.Bounds{Allocator: c.Allocator, Watermark: c.Watermark, SegmentSize: s.listing.size}, s.options)
	return p, b, err
}

// readSegments replays every segment from a place on. The segment of the place
// is read only when it goes on behind it.
func (s *Snapshot) readSegments(from replay.Place) error {
	for _, e := range s.listing.segments {
		in := replay.Input{ID: e.id, Newest: e.id == s.listing.newest()}
		switch {
		case e.id < from.Segment:
			continue
		case e.id == from.Segment:
			if in.From = from.Offset; in.From > 0 && uint64(e.Size) <= in.From {
				continue
			}
		}
		src, err := s.files.Open(e.Name)
		if err == nil {
			in.Source = src
			err = s.scan.Segment(in)
		}
		var stop stopError
		switch {
		case errors.As(err, &stop), errors.Is(err, ErrGone), errors.Is(err, artifact.ErrFull), errors.Is(err, replay.ErrSequence):
			return err
		case err != nil:
			s.scan.Unreadable(e.id, err)
		}
	}
	s.scan.Finish()
	return nil
}

// loadHidden reads visibility_ranges.fbv. Whatever is wrong with it is an
// error, since nothing else knows which events must stay hidden.
func loadHidden(files Files, l *listing, o *Options) (visibility.Ranges, error) {
	e, ok := l.other[visibility.FileName]
	if !ok || o.ShowHidden {
		return nil, nil
	}
	ranges, err := readHidden(files, e)
	if err != nil {
		r := refusal(e.Name, err)
		return nil, &damage.Damage{
			File: e.Name, Offset: uint64(max(r.Offset, 0)), Reason: r.Reason, Err: r.Err,
			EndSequence: damage.UnknownEnd,
		}
	}
	return ranges, nil
}

func readHidden(files Files, e Entry) (visibility.Ranges, error) {
	if !e.Regular {
		return nil, damage.Refuse(damage.NotRegular, -1, nil)
	}
	src, err := files.Open(e.Name)
	if err != nil {
		return nil, err
	}
	raw := make([]byte, max(src.Size(), 0))
	if err := source.Read(src, raw, 0); err != nil {
		return nil, err
	}
	return visibility.Decode(raw)
}

// settle makes the tail that the scan read a part of the snapshot and counts.
func (s *Snapshot) settle() error {
	log := s.scan.Log()
	if log.Committed() > 0 {
		p, err := draftPart(log.Draft(), s.tailBounds(), s.options)
		if err != nil {
			return err
		}
		s.parts = append(s.parts, p)
	}
	r, met := &s.report, s.scan.Report()
	r.TailEvents = uint64(log.Committed())
	r.Segments = len(s.listing.segments)
	r.Rejected = append(r.Rejected, met.Rejected...)
	r.Damages = append(r.Damages, met.Damages...)
	r.Unfinished, r.Gaps, r.Unsealed, r.Torn = met.Unfinished, met.Gaps, met.Unsealed, met.Torn
	r.HiddenRanges = hideUncertain(r.HiddenRanges, r.Damages)
	return s.count()
}

// taken is the sequence behind the last record of the base.
func (s *Snapshot) taken() (uint64, error) {
	if s.base == 0 || s.parts[0].image.Count == 0 {
		return 0, nil
	}
	r, err := s.parts[0].reader().Record(s.parts[0].image.Count - 1)
	if err != nil {
		return 0, err
	}
	return r.Sequence() + 1, nil
}

// tailBounds admits what replay made: it has checked the positions itself.
func (s *Snapshot) tailBounds() index.Bounds {
	return index.Bounds{
		Allocator:   s.scan.Log().Next(),
		Watermark:   artifact.Watermark{Segment: ^uint64(0)},
		SegmentSize: func(uint64) (uint64, bool) { return ^uint64(0), true },
	}
}

// count fills in the numbers of the report that depend on the hidden ranges.
func (s *Snapshot) count() error {
	r := &s.report
	r.Events, r.Hidden, r.TableBytes = 0, 0, 0
	for _, p := range s.parts {
		hidden, err := hiddenIn(p, r.HiddenRanges)
		if err != nil {
			return err
		}
		r.Hidden += hidden
		r.Events += uint64(p.image.Count) - hidden
		r.TableBytes += p.tables.Size()
		r.DuplicateIDs = r.DuplicateIDs || !p.tables.UniqueIDs()
	}
	// A range may reach behind the last event, when a crash took the events it
	// hides. Their numbers are never given out again.
	r.Allocator = max(s.scan.Log().Allocator(), r.HiddenRanges.End())
	return nil
}

// hideUncertain widens the hidden ranges where a loss of unknown size comes
// before them: behind it events may have lower numbers than they once had, and
// a cancelled one must not slip out from under its range.
func hideUncertain(ranges visibility.Ranges, damages []*damage.Damage) visibility.Ranges {
	for _, d := range damages {
		if d.EndSequence == damage.UnknownEnd && d.FirstSequence < ranges.End() {
			ranges = ranges.Add(visibility.Range{Start: d.FirstSequence, End: ranges.End()})
		}
	}
	return ranges
}

func hiddenIn(p *part, ranges visibility.Ranges) (n uint64, err error) {
	r := p.reader()
	for _, h := range ranges {
		from, err := r.After(h.Start)
		if err != nil {
			return 0, err
		}
		if from == p.image.Count {
			break
		}
		to, err := r.After(h.End)
		if err != nil {
			return 0, err
		}
		n += uint64(to - from)
	}
	return n, nil
}
