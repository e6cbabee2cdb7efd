package host

import (
	"bytes"

	"github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/core/verify"
)

// Findings are what [Verify] found. As JSON they are the object that thaw verify --json
// prints.
type Findings struct {
	// Damages lists what is wrong, by file and offset. At most 1000 with one reason are
	// listed for one file; Omitted counts the rest.
	Damages []*Damage
	// Notes lists what is worth knowing and is no damage, bounded in the same way.
	Notes   []Note
	Omitted uint64

	// Bytes of all files that were checked.
	Bytes uint64
	// Segments and Frames that were read; frames are events, markers, and the items of
	// batches that do not exist.
	Segments, Frames uint64
	// Events in the log, the hidden ones included; Hidden counts those.
	Events, Hidden uint64
	// Batches that were committed.
	Batches uint64
	// OpenedFrom is the way an open takes.
	OpenedFrom Way
}

// Err returns the first damage, or nil.
func (f *Findings) Err() error {
	if f.Sound() {
		return nil
	}
	return f.Damages[0]
}

// Sound reports whether there is no damage.
func (f *Findings) Sound() bool { return len(f.Damages) == 0 }

// Note is something worth knowing that proves no damage.
type Note struct {
	// Topic is what the note is about.
	Topic Topic
	// File is the name within the store's directory.
	File string
	// Offset is where in the file it is, 0 for the whole file.
	Offset uint64
	// Event is the event it is about, when Named is true.
	Event Touched
	Named bool
	// First and End bound sequences, where the topic has some.
	First, End uint64
	// Detail says more, where there is more to say.
	Detail string
}

// String is one line for a person.
func (n Note) String() string { return verify.Note(n).String() }

// Topic is what a [Note] is about. Its text is its stable name, such as "torn_tail";
// package core/verify lists all.
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

// UnmarshalJSON reads what MarshalJSON wrote, and no other spelling of the object.
func (f *Findings) UnmarshalJSON(object []byte) error {
	r, err := lines.DecodeFindings(lineOf(object))
	if err == nil {
		*f = *findingsOf(r)
	}
	return err
}
