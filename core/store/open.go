package store

import (
	"errors"
	"slices"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/visibility"
)

// openTries is how often an open starts again because a segment went away
// after it was listed, which compaction by another process does.
const openTries = 5

// Open reads a store: the artifact, else the checkpoint, else every segment,
// and the tail behind. A file that can be done without never makes it fail.
// The errors are a [source.ReadError] of the directory, a segment, synced.thaw or
// visibility_ranges.fbv, a [damage.Damage] of the last, which fails closed, and with
// Options.Strict the first damage.
func Open(files directory.Files, o Options) (*Snapshot, error) {
	o.Stop = markStop(o.Stop)
	defer func() { o.Stop = nil }() // what queries make anew later is not the open's
	s, err := open(files, &o, false, nil)
	for try := 2; try <= openTries && errors.Is(err, source.ErrGone); try++ {
		s, err = open(files, &o, try == openTries, nil)
	}
	if err != nil {
		return nil, unmarkStop(err)
	}
	if r := s.Report(); r.Damaged() != nil && o.Strict {
		return nil, r.Damaged()
	}
	s.ended()
	return s, nil
}

// ended lets go of the stop of an open, which is no stop of a query that has to mend
// something later.
func (s *Snapshot) ended() {
	options := *s.options
	options.Stop = nil
	s.options = &options
}

// open is one try, the last or not. rejected lists snapshots that this open has
// found out already.
func open(files directory.Files, o *Options, last bool, rejected []*damage.Refusal) (*Snapshot, error) {
	earlier := rejected
	l, mark, why, err := list(files, o)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{files: files, options: o, listing: l, mark: mark}
	if why != nil {
		rejected = append(rejected[:len(rejected):len(rejected)], why)
	}
	base, err := s.loadBase(last)
	if err != nil {
		return nil, err
	}
	s.rejectOddParts()
	// Segments in front of the base's end are not read, and not even looked at
	// when nobody asks for them.
	if err := l.LookFrom(base.watermark.Segment); err != nil {
		return nil, err
	}
	ranges, err := loadHidden(files, l, o)
	if err != nil {
		var d *damage.Damage
		switch {
		case o.ShowHidden && errors.As(err, &d):
			rejected = append(rejected, &damage.Refusal{File: d.File, Reason: d.Reason, Offset: int64(d.Offset), Err: d.Err})
		case o.ShowHidden && errors.Is(err, source.ErrRead):
			rejected = append(rejected, refusal(visibility.FileName, err))
		default:
			return nil, err
		}
	}
	if s.base > 0 && s.crosses && len(ranges) > 0 {
		// The ranges may be in other numbers than the index, which the frames tell.
		return openWithout(files, o, last, earlier, damage.Refuse(damage.Renumbered, -1, nil), s.report.OpenedFrom)
	}
	if !o.ShowHidden {
		s.report.HiddenRanges = ranges
	}
	for _, name := range l.Odd {
		s.report.Damages = append(s.report.Damages, &damage.Damage{
			File: name, Reason: damage.NotRegular, EndSequence: damage.UnknownEnd,
		})
	}
	s.report.Rejected = append(s.report.Rejected, rejected...)
	s.scan = replay.NewScan(replay.NewLog(base.taken, base.allocator), place(base.watermark), o.Stop)
	s.scan.Parallel(o.Parallel)
	if o.IndexOnly {
		return s, s.count()
	}
	err = s.readTail()
	if errors.Is(err, replay.ErrSequence) && s.base > 0 {
		// The allocator leaves no room for the tail, so it is a lie.
		return openWithout(files, o, last, earlier, damage.Refuse(damage.Allocator, -1, err), s.report.OpenedFrom)
	}
	if err != nil {
		return nil, err
	}
	if !last {
		lacks, err := s.lacksSegment()
		if err != nil {
			return nil, err
		}
		if lacks {
			return nil, source.ErrGone
		}
	}
	if err := s.settle(); err != nil {
		return nil, err
	}
	if err := s.hearWitness(); err != nil {
		return nil, err
	}
	if err := s.checkIndex(); err != nil {
		return nil, err
	}
	return s, s.count()
}

// openWithout is open without the index that a try began with.
func openWithout(files directory.Files, o *Options, last bool, earlier []*damage.Refusal, why *damage.Refusal, way Way) (*Snapshot, error) {
	why.File = way.File()
	without := *o
	without.Skip = append(slices.Clone(o.Skip), why.File)
	return open(files, &without, last, append(earlier[:len(earlier):len(earlier)], why))
}

// readTail replays every segment from the place on where the scan begins. The segment
// of the place is read only when it goes on after it.
func (s *Snapshot) readTail() error {
	log := s.scan.Log()
	err := s.scan.Drive(replay.Segments{
		Files: s.files, Listing: s.listing, Mark: s.mark,
		After: func(directory.SegmentEntry) { s.options.judge(log) },
	})
	if err == nil {
		s.options.judge(log)
	}
	return err
}

// lacksSegment reports whether a segment that seems to be missing is there.
func (s *Snapshot) lacksSegment() (bool, error) {
	met := s.scan.Report()
	missing := func(d *damage.Damage) bool { return d.Reason == damage.SegmentMissing }
	if len(met.Gaps) == 0 && !slices.ContainsFunc(met.Damages, missing) {
		return false, nil
	}
	ids := s.listing.IDs()
	from, found := slices.BinarySearch(ids, s.listing.First)
	if !found {
		from = max(from-1, 0)
	}
	return directory.LacksSegment(s.files, ids[from:])
}

// settle makes the tail that the scan read a part of the snapshot and counts.
func (s *Snapshot) settle() error {
	log := s.scan.Log()
	if log.Committed() > 0 && s.options.Judge == nil {
		p, err := draftPart(log.Draft(), judged(log.Next()), s.options)
		if err != nil {
			return err
		}
		s.parts = append(s.parts, p)
	}
	r, met := &s.report, s.scan.Report()
	r.TailEvents = uint64(log.Committed())
	r.Segments = len(s.listing.Segments)
	r.Rejected = append(r.Rejected, met.Rejected...)
	r.Damages = append(r.Damages, met.Damages...)
	r.Unfinished, r.Gaps, r.Unsealed, r.Torn = met.Unfinished, met.Gaps, met.Unsealed, met.Torn
	if err := s.hide(r.HiddenRanges); err != nil {
		return err
	}
	return s.count()
}

// hide applies what visibility_ranges.fbv says to the events that were read.
func (s *Snapshot) hide(ranges visibility.Ranges) error {
	r := &s.report
	ranges = hideUncertain(ranges, r, s.taken())
	hidden, d, err := s.disambiguate(ranges)
	if d != nil {
		r.Damages = append(r.Damages, d)
		s.recorded = max(s.recorded, ranges.End())
	}
	r.HiddenRanges = hidden
	return err
}

// taken is the sequence behind the last record that was read from a file.
func (s *Snapshot) taken() uint64 {
	for i := s.base - 1; i >= 0; i-- {
		if last, ok := s.parts[i].Index.Last(); ok {
			return last + 1
		}
	}
	return 0
}

// count fills in the numbers of the report that depend on the hidden ranges.
func (s *Snapshot) count() error {
	r := &s.report
	r.Events, r.Hidden, r.TableBytes = 0, 0, 0
	for _, p := range s.parts {
		var hidden uint64
		err := s.on(p, func(now *part) (err error) {
			hidden, err = hiddenIn(now, r.HiddenRanges)
			p = now
			return err
		})
		if err != nil {
			return err
		}
		r.Hidden += hidden
		r.Events += uint64(p.Image.Count) - hidden
		if p.Index.Saved() == nil {
			r.TableBytes += p.Index.Size()
		}
		r.DuplicateIDs = r.DuplicateIDs || !p.Index.UniqueIDs()
	}
	r.Lookups, r.Parts = LookupsBuilt, len(s.FileNames(s.base))
	if r.Parts > 0 {
		r.Parts--
		if s.parts[0].now().Index.Saved() != nil {
			r.Lookups = LookupsSaved
		}
	}
	// A range may reach behind the last event, when a crash took the events it
	// hides. Their numbers are never given out again.
	r.Allocator = max(s.scan.Log().NextSequence(), r.HiddenRanges.End(), s.recorded)
	return nil
}
