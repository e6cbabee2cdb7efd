package lines

import (
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/verify"
)

// AppendFindings appends the result of a verification as one object and a
// newline: sound, damages (as in [AppendReport]), notes (topic, file, offset,
// event or null, first, end, detail), omitted (the number of findings that are
// not listed), bytes, segments, frames, events, hidden, batches and
// opened_from.
func AppendFindings(dst []byte, r *verify.Result) []byte {
	return appendLine(dst, func(f fields) { resultFields(f, r) })
}

// DecodeFindings decodes a line of AppendFindings, as DecodeReport does.
func DecodeFindings(line []byte) (*verify.Result, error) {
	r := new(verify.Result)
	if err := readLine(line, func(f fields) { resultFields(f, r) }); err != nil {
		return nil, err
	}
	return r, nil
}

func resultFields(f fields, r *verify.Result) {
	f.begin("")
	sound := r.Sound()
	f.flag("sound", &sound)
	pointers(f, "damages", &r.Damages, func(f fields, d *damage.Damage) { damageFields(f, "", d, 0) })
	if sound != r.Sound() {
		f.fail("damages if and only if the store is not sound")
	}
	list(f, "notes", &r.Notes, noteFields)
	f.number("omitted", &r.Omitted)
	f.number("bytes", &r.Bytes)
	f.number("segments", &r.Segments)
	f.number("frames", &r.Frames)
	f.number("events", &r.Events)
	f.number("hidden", &r.Hidden)
	f.number("batches", &r.Batches)
	name(f, "opened_from", &r.OpenedFrom)
	f.end()
}

func noteFields(f fields, n *verify.Note) {
	f.begin("")
	name(f, "topic", &n.Topic)
	f.text("file", &n.File)
	f.number("offset", &n.Offset)
	if f.nullable("event", n.Named) {
		touchedFields(f, &n.Event)
		if f.reads() {
			n.Named = true
		}
	}
	spanFields(f, "first", "end", &n.First, &n.End)
	f.text("detail", &n.Detail)
	placeFields(f, "at", &n.First, &n.End)
	f.end()
}
