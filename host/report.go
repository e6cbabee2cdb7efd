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

// Report describes how a store was opened or refreshed: from which files, which files were
// refused and why, and what is damaged. As JSON it is the object that thaw stat --json
// prints.
type Report struct {
	// OpenedFrom says from which files the store was opened.
	OpenedFrom Way
	// Events counts the visible events, Hidden those that a cancelled fence hides.
	Events, Hidden uint64
	// NextSequence is the next sequence that a writer would assign.
	NextSequence uint64
	// Segments is the number of segments.
	Segments int
	// TailEvents is the number of events that the open read from segments.
	TailEvents uint64
	// Rejected lists every existing file that was refused.
	Rejected []*Refusal
	// Damages lists damaged bytes that no other file holds. Readers still see every
	// event that could be read.
	Damages []*Damage
	// Unfinished lists batches without a commit, which do not exist.
	Unfinished []Unfinished
	// Gaps lists sequences that footers leave out.
	Gaps []Gap
	// Unsealed lists the ends of segments, other than the newest, without a footer: an
	// unclean stop. Bytes cut off exactly between two frames leave no other trace.
	Unsealed []Unsealed
	// Torn is the end of the newest segment that is not a frame, the usual trace of an
	// unclean stop. It is nil if there is none.
	Torn *Torn
	// Unclosed reports whether no writer has closed the store since the last write. A
	// writer has it open now, or the last one stopped without a close; the next open for
	// writing repairs that.
	Unclosed bool
	// HiddenRanges are the hidden sequences.
	HiddenRanges Ranges
	// DuplicateIDs reports whether an event id is twice in one part of the log: Get returns the
	// first. An id that is in the index files and again in the tail does not set it; Verify
	// finds it.
	DuplicateIDs bool
	// IndexOrigin is where the index over index.fbati comes from.
	IndexOrigin IndexOrigin
	// Parts is the number of part files after index.fbati in use.
	Parts int
	// IndexBytes is the memory of the indexes, in bytes, without those that are read from
	// files.
	IndexBytes int64
	// Took is the duration of the open or refresh.
	Took time.Duration
	// Recovered describes how the open recovered from an unclean stop. It is nil for a reader
	// or if there was none, and is not in the JSON object.
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

// IndexOrigin is where the index over index.fbati comes from. Its text is its stable name.
type IndexOrigin = store.IndexOrigin

const (
	// IndexSaved: it is read from index.thaw.
	IndexSaved = store.IndexSaved
	// IndexBuilt: the open built it.
	IndexBuilt = store.IndexBuilt
)

// Ranges are sequences: sorted ranges from Start up to End (exclusive).
type Ranges = visibility.Ranges

// Unfinished is a batch that was never committed.
type Unfinished struct {
	File string
	// Offset is the offset of the frame that begins the batch.
	Offset uint64
	// Items is the number of its events that were written.
	Items int
}

// Gap is a range of sequences, from First up to End (exclusive), that footers leave out:
// a failed append of batpak, unless another file shows that the events existed.
type Gap struct {
	// File is the first segment after the gap.
	File string
	// End is damage.UnknownEnd if segment ids are missing and no file shows whether
	// sequences are too: later events may then have had higher ones.
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
	// Unproven reports whether it follows all bytes that synced.thaw records as on disk.
	Unproven bool
	// Frames reports whether it is more than the beginning of one frame: a whole frame
	// with a wrong checksum, or whole frames after bytes that are not frames.
	Frames bool
}

// Recovered describes how an open for writing recovered from an unclean stop.
type Recovered struct {
	// File is the segment that was being written.
	File string
	// Removed reports whether the segment held no event and was removed.
	Removed bool
	// Kept is the length of the segment without its new footer. Cut is the number of
	// bytes removed after that, none of them an acknowledged append.
	Kept, Cut uint64
	// SetAside is the file in the store's directory that holds the removed bytes, "" if
	// they were only the beginning of one write.
	SetAside string
}

// reportOf makes a report of the core's form. It and core, below, are all that know both.
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

// UnmarshalJSON decodes only the form that MarshalJSON writes.
func (r *Report) UnmarshalJSON(object []byte) error {
	c, took, err := lines.DecodeReport(lineOf(object))
	if err == nil {
		*r = reportOf(c, time.Duration(took), nil)
	}
	return err
}

// lineOf returns an object with a newline, which json.Unmarshal omits.
func lineOf(object []byte) []byte {
	if bytes.HasSuffix(object, []byte("\n")) {
		return object
	}
	return append(bytes.Clone(object), '\n')
}

// Report returns the report of the open or the last refresh. It is empty after Close. Do
// not modify its slices.
func (q *queries) Report() Report {
	v, err := q.acquire()
	if err != nil {
		return Report{}
	}
	defer v.release()
	return reportOf(v.snapshot.Report(), v.took, v.recovered)
}
