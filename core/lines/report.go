package lines

import (
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
)

// AppendReport appends the report of an open as one object and a newline:
// opened_from (index, checkpoint or segments), events, hidden, allocator (the
// next sequence), segments, tail_events (read from segments at open), lookups
// (whether the index was saved or built), parts (the part files used), rejected
// (the files refused: file, reason, offset, detail), damages (file, offset,
// length, reason, detail, events, unnamed, first_seq, end_seq), unfinished
// (batches without a commit), gaps (skipped sequences), unsealed (segments
// without a footer), torn (the unfinished end of the newest segment, or null),
// unclosed (whether the store was not closed, or a writer has it open),
// hidden_ranges, duplicate_ids, table_bytes and open_ns, the duration of the
// open in ns.
func AppendReport(dst []byte, r *store.Report, openNS int64) []byte {
	return appendLine(dst, func(f fields) { reportFields(f, r, &openNS) })
}

// DecodeReport decodes a line of AppendReport. The line may hold anything: the
// error is a [*SyntaxError], and memory is in proportion to the line.
func DecodeReport(line []byte) (r store.Report, openNS int64, err error) {
	if err := readLine(line, func(f fields) { reportFields(f, &r, &openNS) }); err != nil {
		return store.Report{}, 0, err
	}
	return r, openNS, nil
}

func reportFields(f fields, r *store.Report, openNS *int64) {
	f.begin("")
	name(f, "opened_from", &r.OpenedFrom)
	f.number("events", &r.Events)
	f.number("hidden", &r.Hidden)
	f.number("allocator", &r.NextSequence)
	count(f, "segments", &r.Segments)
	f.number("tail_events", &r.TailEvents)
	name(f, "lookups", &r.IndexOrigin)
	count(f, "parts", &r.Parts)
	pointers(f, "rejected", &r.Rejected, func(f fields, r *damage.Refusal) { refusalFields(f, "", r, 0) })
	pointers(f, "damages", &r.Damages, func(f fields, d *damage.Damage) { damageFields(f, "", d, 0) })
	list(f, "unfinished", &r.Unfinished, unfinishedFields)
	list(f, "gaps", &r.Gaps, gapFields)
	list(f, "unsealed", &r.Unsealed, unsealedFields)
	if f.nullable("torn", r.Torn != nil) {
		if f.reads() {
			r.Torn = new(replay.Torn)
		}
		tornFields(f, r.Torn)
	}
	f.flag("unclosed", &r.Unclosed)
	list(f, "hidden_ranges", (*[]visibility.Range)(&r.HiddenRanges), rangeFields)
	f.flag("duplicate_ids", &r.DuplicateIDs)
	f.integer("table_bytes", &r.IndexBytes)
	f.integer("open_ns", openNS)
	f.end()
}

func unfinishedFields(f fields, u *replay.Unfinished) {
	f.begin("")
	f.text("file", &u.File)
	f.number("offset", &u.Offset)
	count(f, "items", &u.Items)
	f.end()
}

func gapFields(f fields, g *replay.Gap) {
	f.begin("")
	f.text("file", &g.File)
	f.number("first", &g.First)
	endOf(f, "end", &g.End)
	f.end()
}

func unsealedFields(f fields, u *replay.Unsealed) {
	f.begin("")
	f.text("file", &u.File)
	f.number("offset", &u.Offset)
	f.number("next", &u.Next)
	f.end()
}

func tornFields(f fields, t *replay.Torn) {
	f.begin("")
	f.text("file", &t.File)
	f.number("offset", &t.Offset)
	f.number("length", &t.Length)
	if named := f.nullable("event_id", t.Named); named {
		f.hex("", t.ID[:])
		if f.reads() {
			t.Named = true
		}
	}
	f.flag("unproven", &t.Unproven)
	f.flag("frames", &t.Frames)
	f.end()
}

func rangeFields(f fields, r *visibility.Range) {
	f.begin("")
	f.number("start", &r.Start)
	f.number("end", &r.End)
	f.end()
}
