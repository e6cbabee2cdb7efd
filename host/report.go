package host

import (
	"bytes"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
)

// Report says how a store was opened or refreshed: which way, what was not taken and
// why, and what is damaged. As JSON it is the object that thaw stat --json prints.
type Report struct {
	// OpenedFrom is the way the open took.
	OpenedFrom Way
	// Events is how many events readers see, Hidden how many a cancelled fence hides.
	Events, Hidden uint64
	// NextSequence is the next sequence a writer would give out.
	NextSequence uint64
	// Segments is how many segments there are.
	Segments int
	// TailEvents is how many events were read from segments at open.
	TailEvents uint64
	// Rejected lists every file that was there and was not taken.
	Rejected []*Refusal
	// Damages lists what is wrong with bytes that nothing else holds. What could be
	// read is shown all the same.
	Damages []*Damage
	// Unfinished lists batches without a commit, which do not exist.
	Unfinished []Unfinished
	// Gaps lists sequences that footers leave out.
	Gaps []Gap
	// Unsealed lists the ends of segments that are not the newest and have no footer: an
	// unclean stop. Bytes cut off exactly between two frames leave no other trace.
	Unsealed []Unsealed
	// Torn is the end of the newest segment that is no frame, nil when there is none:
	// the ordinary trace of an unclean stop.
	Torn *Torn
	// Unclosed says that no writer closed the store since it was last written to. A
	// writer has it open now, or the last one stopped without a close; the next open for
	// writing repairs that.
	Unclosed bool
	// HiddenRanges are the sequences that stay hidden.
	HiddenRanges Ranges
	// DuplicateIDs says that an event id stands in the log twice: Get finds the first.
	DuplicateIDs bool
	// IndexOrigin says where the index over index.fbati comes from.
	IndexOrigin IndexOrigin
	// Parts is how many part files that follow index.fbati were taken.
	Parts int
	// IndexBytes is the memory that indexes take, without those that are read from files.
	IndexBytes int64
	// Took is how long the open or refresh took.
	Took time.Duration
	// Recovered is what opening for writing did about an unclean stop, nil when nothing
	// was to be done. A reader does nothing. It is not in the JSON object.
	Recovered *Recovered
}

// Way is how a store was opened. Its text is its stable name.
type Way = store.Way

// The ways of an open.
const (
	// FromIndex: index.fbati, then the segments after it.
	FromIndex = store.FromIndex
	// FromCheckpoint: index.ckpt, then the segments after it.
	FromCheckpoint = store.FromCheckpoint
	// FromSegments: every segment was read.
	FromSegments = store.FromSegments
)

// IndexOrigin says where the index over index.fbati comes from. Its text is its stable name.
type IndexOrigin = store.IndexOrigin

const (
	// IndexSaved: it is read from index.thaw.
	IndexSaved = store.IndexSaved
	// IndexBuilt: it was built when the store was opened.
	IndexBuilt = store.IndexBuilt
)

// Ranges are sequences: sorted ranges from Start up to End (exclusive).
type Ranges = visibility.Ranges

// Unfinished is a batch that was never committed.
type Unfinished struct {
	File string
	// Offset is that of the frame that begins the batch.
	Offset uint64
	// Items is how many of its events had been written.
	Items int
}

// Gap is a run of sequences, from First up to End (exclusive), that footers leave out:
// a failed append of batpak's, unless something else says that they were there.
type Gap struct {
	// File is the segment that goes on after the gap.
	File string
	// End is damage.UnknownEnd where segment ids are left out and nothing says whether
	// sequences are too: then later events may have had higher ones.
	First, End uint64
}

// Unsealed is the end of a segment that has no footer.
type Unsealed struct {
	File   string
	Offset uint64
	// Next is the sequence after the segment's last event.
	Next uint64
}

// Torn is the end that an unclean stop left in the newest segment.
type Torn struct {
	File           string
	Offset, Length uint64
	// ID is the event that was being written, when Named is true.
	ID    event.ID
	Named bool
	// Unproven says that it lies after everything that synced.thaw says was on disk.
	Unproven bool
	// Frames says that it is more than the beginning of one frame: a whole one with a
	// wrong checksum, or whole ones after bytes that are none.
	Frames bool
}

// Recovered is what opening for writing did about an unclean stop.
type Recovered struct {
	// File is the segment that was being written.
	File string
	// Removed says that it held no event and was removed.
	Removed bool
	// Kept is its length without the footer it was given, and Cut how many bytes after
	// that were no acknowledged append.
	Kept, Cut uint64
	// SetAside is the file in the store's directory that holds the cut bytes, "" when
	// they were only the beginning of one write.
	SetAside string
}

// reportOf is the only place that knows both forms of a report.
func reportOf(r store.Report, took time.Duration, recovered *Recovered) Report {
	return Report{
		OpenedFrom: r.OpenedFrom, Events: r.Events, Hidden: r.Hidden, NextSequence: r.NextSequence,
		Segments: r.Segments, TailEvents: r.TailEvents, Rejected: r.Rejected, Damages: r.Damages,
		Unfinished: convert(r.Unfinished, func(u replay.Unfinished) Unfinished { return Unfinished(u) }),
		Gaps:       convert(r.Gaps, func(g replay.Gap) Gap { return Gap(g) }),
		Unsealed:   convert(r.Unsealed, func(u replay.Unsealed) Unsealed { return Unsealed(u) }),
		Torn:       (*Torn)(r.Torn), Unclosed: r.Unclosed, HiddenRanges: r.HiddenRanges,
		DuplicateIDs: r.DuplicateIDs, IndexOrigin: r.IndexOrigin, Parts: r.Parts, IndexBytes: r.IndexBytes,
		Took: took, Recovered: recovered,
	}
}

// core is the inverse of reportOf.
func (r *Report) core() store.Report {
	return store.Report{
		OpenedFrom: r.OpenedFrom, Events: r.Events, Hidden: r.Hidden, NextSequence: r.NextSequence,
		Segments: r.Segments, TailEvents: r.TailEvents, Rejected: r.Rejected, Damages: r.Damages,
		Unfinished: convert(r.Unfinished, func(u Unfinished) replay.Unfinished { return replay.Unfinished(u) }),
		Gaps:       convert(r.Gaps, func(g Gap) replay.Gap { return replay.Gap(g) }),
		Unsealed:   convert(r.Unsealed, func(u Unsealed) replay.Unsealed { return replay.Unsealed(u) }),
		Torn:       (*replay.Torn)(r.Torn), Unclosed: r.Unclosed, HiddenRanges: r.HiddenRanges,
		DuplicateIDs: r.DuplicateIDs, IndexOrigin: r.IndexOrigin, Parts: r.Parts, IndexBytes: r.IndexBytes,
	}
}

// convert returns f of each element, nil of nil.
func convert[A, B any](from []A, f func(A) B) []B {
	if from == nil {
		return nil
	}
	to := make([]B, len(from))
	for i, a := range from {
		to[i] = f(a)
	}
	return to
}

// Damaged returns the first damage, or nil.
func (r *Report) Damaged() error {
	if len(r.Damages) == 0 {
		return nil
	}
	return r.Damages[0]
}

// MarshalJSON returns the report as thaw stat --json prints it. It never fails.
func (r Report) MarshalJSON() ([]byte, error) {
	c := r.core()
	return bytes.TrimSuffix(lines.AppendReport(nil, &c, r.Took.Nanoseconds()), []byte("\n")), nil
}

// UnmarshalJSON reads what MarshalJSON wrote, and no other spelling of the object.
func (r *Report) UnmarshalJSON(object []byte) error {
	c, took, err := lines.DecodeReport(lineOf(object))
	if err == nil {
		*r = reportOf(c, time.Duration(took), nil)
	}
	return err
}

// lineOf ends an object with a newline, which json.Unmarshal leaves out.
func lineOf(object []byte) []byte {
	if bytes.HasSuffix(object, []byte("\n")) {
		return object
	}
	return append(bytes.Clone(object), '\n')
}

// Report returns how the store was opened or last refreshed. It is empty after Close. Do
// not change its slices.
func (q *queries) Report() Report {
	v, err := q.acquire()
	if err != nil {
		return Report{}
	}
	defer v.release()
	return reportOf(v.snapshot.Report(), v.took, v.recovered)
}
