package host

import (
	"errors"
	"log/slog"
	"math"

	"github.com/thawlog/thaw/core/compact"
)

// Each session of a writer leaves at least one segment. So that thousands of short sessions
// do not leave thousands of files, neighbouring small ones are merged, as compact.Policy says:
// by Close when that is cheap, and otherwise in the background while the store is open. The
// newest segment is left alone: the sync mark may name it.
const (
	// closeSegments is how many of the last segments a close looks at.
	closeSegments = 64
	// openSegments is how many of the last segments are looked at after a flush.
	openSegments = 1024
	// closeBytes bounds the segments that a close merges, in bytes, and closeRecords the
	// records of the index files that have to be written again then: some 30 ms of work.
	closeBytes   = 4 << 20
	closeRecords = 16 << 10
	// recordBytes is about what a record of an index takes. In the background the index
	// files that are written again may have indexShare times the bytes of the merged
	// segments, or those of closeRecords: small segments among many events stay for now.
	recordBytes = 250
	indexShare  = 4
)

// mergeSegments merges small segments among the last ones as long as the policy asks for it. It
// logs a failure; the next close or flush tries again. looked is false if it was stopped.
func (f *flusher) mergeSegments(when occasion, last int) (looked bool) {
	if f.options.NoMerge || !f.compacting.TryLock() { // an explicit compaction does more
		return false
	}
	defer f.compacting.Unlock()
	for {
		again, err := f.mergeSomeSegments(when, last)
		switch {
		case err == nil && again:
			continue
		case err == nil, errors.Is(err, errStopped), errors.Is(err, ErrUnfinished) && f.stuck.Load(), errors.Is(err, ErrDamaged), errors.Is(err, ErrClosed):
		default:
			f.options.Logger.Warn("thaw: small segments were not merged", slog.String("store", f.index.dir), slog.Any("error", err))
		}
		return !errors.Is(err, errStopped)
	}
}

// mergeSomeSegments merges one run of segments. compacting must be held.
func (f *flusher) mergeSomeSegments(when occasion, last int) (merged bool, err error) {
	end := f.lastSealed()
	l, err := listSegments(f.index.fs, f.index.dir, end.at)
	if err != nil || len(l.ids) < 2 {
		return false, err
	}
	ids := l.ids[max(len(l.ids)-1-last, 0) : len(l.ids)-1]
	segments := make([]compact.Segment, len(ids))
	for i, id := range ids {
		if i%64 == 0 {
			if err := f.mergeStopped(when); err != nil {
				return false, err
			}
		}
		segments[i].ID = id
		segments[i].Size, _ = l.size(id)
	}
	if l.failed != nil {
		return false, l.failed
	}
	policy := f.policy.Segments
	policy.SegmentSize = uint64(f.options.SegmentSize)
	from, to, bytes, ok := policy.Next(segments)
	if !ok {
		return false, nil
	}
	if f.unread && when != flushOpen { // the close has written an index
		f.turn.Lock()
		err := f.adopt(end.at, end.total(), nil)
		f.turn.Unlock()
		if err != nil {
			return false, err
		}
		f.unread = false
	}
	if cheap, err := f.cheap(from, bytes, when); err != nil || !cheap {
		return false, err
	}
	x := newCompacting(f, f.index.dir)
	x.quiet = true
	stop := func() error {
		x.pause()
		return f.mergeStopped(when)
	}
	x.plan = compact.Plan{From: from, To: to, SegmentSize: policy.SegmentSize, Stop: stop}
	sealed := func() (logEnd, error) { return end, nil }
	err = x.run(sealed)
	var wider *compact.BatchError
	for errors.As(err, &wider) && wider.To <= ids[len(ids)-1] {
		if x.plan.From, x.plan.To = wider.From, wider.To; bytesOf(segments, wider.From, wider.To) > 2*bytes {
			break
		}
		err = x.run(sealed)
	}
	if errors.As(err, &wider) { // by batches whose end is not in sight, or far away
		return false, nil
	}
	return x.result.Replaced > 0, err
}

// mergeStopped returns an error if something more urgent waits for a merge in the background.
func (f *flusher) mergeStopped(when occasion) error {
	if when == flushOpen && (f.closing.Load() || f.asked.Load() > 0) {
		return errStopped
	}
	return nil
}

// bytesOf returns the length of the segments with ids from from to to.
func bytesOf(segments []compact.Segment, from, to uint64) (bytes uint64) {
	for _, s := range segments {
		if s.ID >= from && s.ID <= to {
			bytes += s.Size
		}
	}
	return bytes
}

// cheap reports whether merging segments of a number of bytes, from an id on, is worth writing
// the index files again that know them.
func (f *flusher) cheap(from, bytes uint64, when occasion) (bool, error) {
	v, err := f.versions.pin()
	if err != nil {
		return false, err
	}
	defer v.release()
	if v.snapshot.IndexMoved() {
		return false, nil
	}
	records := uint64(0)
	for _, file := range v.snapshot.IndexFiles().Files {
		if file.End.Segment >= from {
			records += file.Records
		}
	}
	if when != flushOpen {
		return bytes <= closeBytes && records <= closeRecords, nil
	}
	return records <= closeRecords || records < math.MaxUint64/recordBytes && records*recordBytes <= indexShare*bytes, nil
}
