package lines

import (
	"github.com/thawlog/thaw/core/damage"
)

// damageFields walks a damage: file, offset, length, reason, detail, events
// (event_id and seq, null when it has none), unnamed (the number of touched
// events that are not in the list), first_seq and end_seq (exclusive) of the
// sequences that may be lost. Both are null when no sequence is in doubt;
// end_seq alone is null when the end is not known. The optional at_seq is the
// sequence at which the damage lies when no sequence is in doubt. The optional
// cause has more for programs than detail.
func damageFields(f fields, key string, d *damage.Damage, depth int) {
	f.begin(key)
	f.text("file", &d.File)
	f.number("offset", &d.Offset)
	f.number("length", &d.Length)
	name(f, "reason", &d.Reason)
	detail := Cause(d.Err)
	f.text("detail", &detail)
	list(f, "events", &d.Events, touchedFields)
	f.number("unnamed", &d.Unnamed)
	spanFields(f, "first_seq", "end_seq", &d.FirstSequence, &d.EndSequence)
	placeFields(f, "at_seq", &d.FirstSequence, &d.EndSequence)
	causeFields(f, detail, &d.Err, depth)
	f.end()
}

// refusalFields walks a refusal: file, reason, offset (null when the trouble
// has no place), detail, and optionally cause, which has more for programs.
func refusalFields(f fields, key string, r *damage.Refusal, depth int) {
	f.begin(key)
	f.text("file", &r.File)
	name(f, "reason", &r.Reason)
	offsetField(f, "offset", &r.Offset)
	detail := Cause(r.Err)
	f.text("detail", &detail)
	causeFields(f, detail, &r.Err, depth)
	f.end()
}

// offsetField walks an offset. A negative one is written as null, and null is
// read as -1.
func offsetField(f fields, key string, offset *int64) {
	if f.nullable(key, *offset >= 0) {
		f.integer("", offset)
	} else if f.reads() {
		*offset = -1
	}
}

func touchedFields(f fields, t *damage.Touched) {
	f.begin("")
	f.hex("event_id", t.ID[:])
	if f.nullable("seq", t.Numbered) {
		f.number("", &t.Sequence)
		if f.reads() {
			t.Numbered = true
		}
	}
	f.end()
}

// endOf walks the end of a range of sequences, null when it is not known.
func endOf(f fields, key string, end *uint64) {
	if f.nullable(key, *end != damage.UnknownEnd) {
		f.number("", end)
	} else if f.reads() {
		*end = damage.UnknownEnd
	}
}

// spanFields walks the two ends of a range. Both are null when the range is
// empty, and the second one when the end is not known.
func spanFields(f fields, firstKey, endKey string, first, end *uint64) {
	if f.nullable(firstKey, *end > *first) {
		f.number("", first)
		endOf(f, endKey, end)
	} else if f.nullable(endKey, false) {
		f.fail(null)
	}
}

// placeFields walks the place of an empty range: the value of both ends.
func placeFields(f fields, key string, first, end *uint64) {
	if f.optional(key, *first == *end && *first > 0) {
		f.number("", first)
		if f.reads() {
			*end = *first
		}
	}
}
