package lines

import (
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/salvage"
	"github.com/thawlog/thaw/core/visibility"
)

// AppendSalvage appends the report of a salvage as one object and a newline: whole (whether
// nothing is lost or doubtful), events (in the new store, hidden ones included), hidden,
// segments, first_seq and end_seq, allocator (the next sequence), hidden_ranges, lost, kept
// and left_out (numbers of events, as far as they are known), findings (outcome, reason,
// file, offset, length, events, event_id, entity, first_clock, end_clock, first_seq, end_seq,
// detail), omitted (findings that are not listed), files (read other than their name says:
// name, use, as), duplicates, unfinished, reencoded, rejected, gaps and torn (the last three
// as in [AppendReport]).
func AppendSalvage(dst []byte, r *salvage.Report, segments int) []byte {
	return appendLine(dst, func(f fields) { salvageFields(f, r, &segments) })
}

func salvageFields(f fields, r *salvage.Report, segments *int) {
	f.begin("")
	whole := r.Whole()
	f.flag("whole", &whole)
	f.number("events", &r.Events)
	f.number("hidden", &r.Hidden)
	count(f, "segments", segments)
	spanFields(f, "first_seq", "end_seq", &r.First, &r.End)
	f.number("allocator", &r.NextSequence)
	list(f, "hidden_ranges", (*[]visibility.Range)(&r.HiddenRanges), rangeFields)
	f.number("lost", &r.Lost)
	f.number("kept", &r.Kept)
	f.number("left_out", &r.LeftOut)
	list(f, "findings", &r.Findings, findingFields)
	f.number("omitted", &r.Omitted)
	list(f, "files", &r.Files, func(f fields, u *salvage.File) {
		f.begin("")
		f.text("name", &u.Name)
		use := string(u.Use)
		f.text("use", &use)
		f.text("as", &u.As)
		f.end()
	})
	f.number("duplicates", &r.Duplicates)
	f.number("unfinished", &r.Unfinished)
	f.number("reencoded", &r.Reencoded)
	pointers(f, "rejected", &r.Rejected, func(f fields, r *damage.Refusal) { refusalFields(f, "", r, 0) })
	list(f, "gaps", &r.Gaps, gapFields)
	if f.nullable("torn", r.Torn != nil) {
		tornFields(f, r.Torn)
	}
	f.end()
}

func findingFields(f fields, n *salvage.Finding) {
	f.begin("")
	outcome := string(n.Outcome)
	f.text("outcome", &outcome)
	name(f, "reason", &n.Reason)
	f.text("file", &n.File)
	f.number("offset", &n.Offset)
	f.number("length", &n.Length)
	f.number("events", &n.Events)
	if f.nullable("event_id", n.ID != event.ID{}) {
		f.hex("", n.ID[:])
	}
	if f.nullable("entity", n.Entity != "") {
		f.text("", &n.Entity)
	}
	spanFields(f, "first_clock", "end_clock", &n.FirstClock, &n.EndClock)
	spanFields(f, "first_seq", "end_seq", &n.FirstSequence, &n.EndSequence)
	detail := Cause(n.Err)
	f.text("detail", &detail)
	f.end()
}
