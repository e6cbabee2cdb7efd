package store

import (
	"cmp"
	"errors"
	"slices"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/source"
)

// openTries is how often an open is tried when a file goes away after it was listed,
// as happens while another process compacts or flushes.
const openTries = 5

// openSwaps is how often an open begins again because files were swapped meanwhile. Each takes
// a whole compaction, which mostly takes longer than an open.
const openSwaps = 50

// errSwapped is the [source.ErrGone] of a try during which files were swapped.
var errSwapped error = swapped{}

type swapped struct{}

func (swapped) Error() string {
	return "files were replaced while they were read: " + source.ErrGone.Error()
}
func (swapped) Unwrap() error { return source.ErrGone }

// Open reads a store: index.fbati with its part files, else index.ckpt, else every
// segment, and the tail after them. Damage to a file that others can replace is no
// error. The errors are a [source.ReadError] of the directory, a segment, synced.thaw
// or visibility_ranges.fbv, a [damage.Damage] of the latter, and with Options.Strict
// the first damage.
func Open(files directory.Files, o Options) (*Snapshot, error) {
	o.Stop = markStop(o.Stop)
	defer func() { o.Stop = nil }() // Stop bounds the open, not later repairs
	s, err := tryOpen(files, &o)
	if errors.Is(err, errInMemory) {
		o.Scratch = nil
		s, err = tryOpen(files, &o)
	}
	if err != nil {
		return nil, unmarkStop(err)
	}
	if r := s.Report(); r.Damaged() != nil && o.Strict {
		return nil, r.Damaged()
	}
	s.dropStop()
	s.options.known = &knownFrames{seed: o.Seed}
	return s, nil
}

// tryOpen tries to open the store, several times if need be.
func tryOpen(files directory.Files, o *Options) (*Snapshot, error) {
	s, err := resolveAndOpen(files, o, 1)
	for try, swaps := 1, 0; errors.Is(err, source.ErrGone); {
		if errors.Is(err, errSwapped) && swaps < openSwaps {
			swaps++ // no sign that a file is missing for good
		} else if try++; try > openTries {
			break
		}
		s, err = resolveAndOpen(files, o, try)
	}
	return s, err
}

// resolveAndOpen makes one try, and another one at once if a swap is pending.
func resolveAndOpen(files directory.Files, o *Options, try int) (*Snapshot, error) {
	s, err := open(files, o, try, nil)
	if errors.Is(err, directory.ErrSwap) {
		if files, err = directory.Resolve(files); err == nil {
			s, err = open(files, o, try, nil)
		}
		if errors.Is(err, directory.ErrSwap) { // that swap ended, and another one began
			err = errSwapped
		}
	}
	return s, err
}

// dropStop removes Options.Stop, which must not end the repairs of later queries.
func (s *Snapshot) dropStop() {
	options := *s.options
	options.Stop = nil
	s.options = &options
}

// opening is the state of one try to open a store.
type opening struct {
	*Snapshot // under construction
	try       int
	// refused lists indexes that this try was started without.
	refused []*damage.Refusal
	// noSavedIndex is set when index.thaw proved useless.
	noSavedIndex bool
}

// open makes one try, numbered from 1.
func open(files directory.Files, o *Options, try int, refused []*damage.Refusal) (*Snapshot, error) {
	t := &opening{Snapshot: &Snapshot{files: files, options: o}, try: try, refused: refused}
	s, err := t.run()
	if err = t.checkSwapped(err); err == nil && s == t.Snapshot {
		return s, nil
	}
	if err = cmp.Or(err, t.spilled.close()); err != nil && s != nil {
		_ = s.spilled.close()
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// without makes the try again without the index it began with.
func (o *opening) without(why *damage.Refusal) (*Snapshot, error) {
	if err := o.checkSwapped(nil); err != nil { // which may be why the index looks wrong
		return nil, err
	}
	why.File = o.report.OpenedFrom.File()
	options := *o.options
	options.Skip = append(slices.Clone(options.Skip), why.File)
	return open(o.files, &options, o.try, append(slices.Clone(o.refused), why))
}

// lastTry reports whether the open must do without a missing file.
func (o *opening) lastTry() bool { return o.try == openTries }

// run climbs the ladder; see the package comment.
func (o *opening) run() (*Snapshot, error) {
	rejected := slices.Clone(o.refused)
	var why *damage.Refusal
	var err error
	if o.listing, o.mark, why, err = list(o.files, o.options); err != nil {
		return nil, err
	}
	if why != nil {
		rejected = append(rejected, why)
	}
	if err := o.readLineage(); err != nil {
		return nil, err
	}
	base, err := o.loadBase()
	if err != nil {
		return nil, err
	}
	o.rejectIrregularParts()
	// Segments before the base's end are not read, and not even looked at unless their
	// size is asked for.
	if err := o.listing.LookFrom(base.watermark.Segment); err != nil {
		return nil, err
	}
	ranges, why, err := o.hiddenRanges()
	if err != nil {
		return nil, err
	}
	if why != nil {
		rejected = append(rejected, why)
	}
	if o.base > 0 && o.crossesUnsealed && len(ranges) > 0 {
		// The ranges may use other numbers than the index; only the frames tell.
		return o.without(damage.Refuse(damage.Renumbered, -1, nil))
	}
	if !o.options.ShowHidden {
		o.report.HiddenRanges = ranges
	}
	for _, name := range o.listing.Odd {
		o.report.Damages = append(o.report.Damages, &damage.Damage{
			File: name, Reason: damage.NotRegular, EndSequence: damage.UnknownEnd,
		})
	}
	o.report.Rejected = append(o.report.Rejected, rejected...)
	o.scan = replay.NewScan(replay.NewLog(base.endSequence, base.nextSequence), place(base.watermark), o.options.Stop)
	o.scan.Parallel(o.options.Parallel)
	if o.options.IndexOnly {
		return o.Snapshot, o.count()
	}
	err = o.readTail()
	if errors.Is(err, replay.ErrSequence) && o.base > 0 {
		// The next sequence of the index leaves no numbers for the tail, so it is wrong.
		return o.without(damage.Refuse(damage.Allocator, -1, err))
	}
	if err != nil {
		return nil, err
	}
	return o.Snapshot, o.finish()
}

// checkSwapped returns err, or errSwapped when files were swapped since the listing: what was
// read can be a mix of the old and the new ones, and that may be why it failed.
func (o *opening) checkSwapped(err error) error {
	var stop stopError
	if o.listing == nil || errors.Is(err, errSwapped) || errors.As(err, &stop) {
		return err
	}
	if err == nil && o.base > 0 && len(o.report.Rejected) == 0 && o.listing.CountFrom(o.listing.First) <= 1 {
		return nil // an index and a file after it: the index fits the listed segments
	}
	swapped, failed := o.listing.Swapped()
	if swapped && failed == nil {
		failed = errSwapped
	}
	return cmp.Or(failed, err)
}

// finish makes the snapshot of the base and the tail.
func (o *opening) finish() error {
	if !o.lastTry() {
		overlooked, err := o.overlookedSegment()
		if err != nil {
			return err
		}
		if overlooked {
			return source.ErrGone
		}
	}
	if err := o.addTail(); err != nil {
		return err
	}
	if err := o.reportLost(); err != nil {
		return err
	}
	if err := o.checkIndex(); err != nil {
		return err
	}
	return o.count()
}
