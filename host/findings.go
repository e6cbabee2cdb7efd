package host

import (
	"bytes"

	"github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/core/verify"
)

// Findings are the result of [Verify]. As JSON they are the object that thaw verify --json
// prints.
type Findings struct {
	// Damages lists the damage by file and offset, at most 1000 per file and reason;
	// Omitted counts the rest.
	Damages []*Damage
	// Notes lists observations that are not damage, with the same bound.
	Notes   []Note
	Omitted uint64

	// Bytes is the size of all checked files.
	Bytes uint64
	// Segments and Frames count the segments and frames read. Frames include events,
	// markers, and items of batches without a commit.
	Segments, Frames uint64
	// Events counts the events in the log, including hidden ones; Hidden counts only
	// those.
	Events, Hidden uint64
	// Batches counts the committed batches.
	Batches uint64
	// OpenedFrom says from which files the store is opened.
	OpenedFrom Way
}

// Err returns the first damage, or nil.
func (f *Findings) Err() error {
	if f.Sound() {
		return nil
	}
	return f.Damages[0]
}

// Sound reports whether Damages is empty.
func (f *Findings) Sound() bool { return len(f.Damages) == 0 }

// Note is an observation that does not prove damage.
type Note struct {
	// Topic is the kind of observation.
	Topic Topic
	// File is the name within the store's directory.
	File string
	// Offset is the position in the file, 0 for the whole file.
	Offset uint64
	// Event is the event concerned, if Named is true.
	Event Touched
	Named bool
	// First and End bound the sequences concerned, for topics that have them.
	First, End uint64
	// Detail is further text, often empty.
	Detail string
}

// String returns one line for people.
func (n Note) String() string { return verify.Note(n).String() }

// Topic is the kind of a [Note]. Its text is its stable name, such as "torn_tail"; package
// core/verify lists all.
type Topic = verify.Topic

// findingsOf is the only place that knows both forms of findings.
func findingsOf(r *verify.Result) *Findings {
	return &Findings{
		Damages: r.Damages, Notes: convert(r.Notes, func(n verify.Note) Note { return Note(n) }), Omitted: r.Omitted,
		Bytes: r.Bytes, Segments: r.Segments, Frames: r.Frames, Events: r.Events, Hidden: r.Hidden,
		Batches: r.Batches, OpenedFrom: r.OpenedFrom,
	}
}

// core is the inverse of findingsOf.
func (f *Findings) core() *verify.Result {
	return &verify.Result{
		Damages: f.Damages, Notes: convert(f.Notes, func(n Note) verify.Note { return verify.Note(n) }), Omitted: f.Omitted,
		Bytes: f.Bytes, Segments: f.Segments, Frames: f.Frames, Events: f.Events, Hidden: f.Hidden,
		Batches: f.Batches, OpenedFrom: f.OpenedFrom,
	}
}

// MarshalJSON returns the findings as thaw verify --json prints them. It never fails.
func (f Findings) MarshalJSON() ([]byte, error) {
	return bytes.TrimSuffix(lines.AppendFindings(nil, f.core()), []byte("\n")), nil
}

// UnmarshalJSON decodes only the form that MarshalJSON writes.
func (f *Findings) UnmarshalJSON(object []byte) error {
	r, err := lines.DecodeFindings(lineOf(object))
	if err == nil {
		*f = *findingsOf(r)
	}
	return err
}
