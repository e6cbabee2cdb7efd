package store

import (
	"cmp"
	"slices"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/replay"
)

// readTail replays every segment from the place where the scan begins. The segment of
// the place is read only when it goes on after it.
func (o *opening) readTail() error {
	log := o.scan.Log()
	var spillFailed error
	err := o.scan.Drive(replay.Segments{
		Files: o.files, Listing: o.listing, Mark: o.mark,
		After: func(directory.SegmentEntry) {
			o.options.validate(log)
			spillFailed = cmp.Or(spillFailed, o.spillTail(log))
		},
	})
	if err = cmp.Or(spillFailed, err); err == nil {
		o.options.validate(log)
	}
	return err
}

// overlookedSegment reports whether a segment that seems to be missing exists: the
// listing overlooked it.
func (o *opening) overlookedSegment() (bool, error) {
	met := o.scan.Report()
	missing := func(d *damage.Damage) bool { return d.Reason == damage.SegmentMissing }
	if len(met.Gaps) == 0 && !slices.ContainsFunc(met.Damages, missing) {
		return false, nil
	}
	ids := o.listing.IDs()
	from, found := slices.BinarySearch(ids, o.listing.First)
	if !found {
		from = max(from-1, 0)
	}
	return directory.LacksSegment(o.files, ids[from:])
}

// addTail makes what the scan read the last part, and applies the hidden ranges.
func (o *opening) addTail() error {
	log := o.scan.Log()
	if o.spilled.file != nil {
		if err := cmp.Or(o.needsRecords(), o.spilled.end(log)); err != nil {
			return err
		}
	} else if log.Committed() > 0 && o.options.ValidateOnly == nil {
		p, err := draftPart(log.Draft(), validated(log.Next()), o.options)
		if err != nil {
			return err
		}
		o.parts = append(o.parts, p)
	}
	return o.reportTail()
}

// growTail makes what the scan read after the first n records of its log a memtable, and
// applies the hidden ranges.
func (o *opening) growTail(n int) error {
	log := o.scan.Log()
	if log.Committed() > n {
		run := log.Draft().Run(n, log.Draft().Savepoint())
		if err := o.addMemtable(run.To(log.Committed()-n), log.Next()); err != nil {
			return err
		}
	}
	return o.reportTail()
}

// reportTail adds what the scan met to the report, and applies the hidden ranges.
func (o *opening) reportTail() error {
	r, met := &o.report, o.scan.Report()
	r.TailEvents = uint64(o.scan.Log().Committed())
	r.Segments = len(o.listing.Segments)
	r.Rejected = append(r.Rejected, met.Rejected...)
	r.Damages = append(r.Damages, met.Damages...)
	r.Unfinished, r.Gaps, r.Unsealed, r.Torn = met.Unfinished, met.Gaps, met.Unsealed, met.Torn
	if err := o.hide(r.HiddenRanges); err != nil {
		return err
	}
	return o.count()
}
