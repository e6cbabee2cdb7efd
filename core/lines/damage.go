package lines

import (
	"github.com/thawlog/thaw/core/damage"
)

// damageFields walks a damage: file, offset, length, reason, detail, events (event_id
// and seq, null when it has none), unnamed (touched events that are not in the list),
// first_seq and end_seq (exclusive) of what may be lost: both are null when nothing is
// in doubt, end_seq alone when nothing tells where it ends. at_seq, where nothing is in
// doubt, is the sequence at which it lies, and is left out otherwise; so is cause, which
// says more than detail to programs.
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

// refusalFields walks a refusal: file, reason, offset (null when the trouble has no
// place), detail and, where it says more to programs, cause.
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

// offsetField returns an offset that is null when it is below 0, and is read as -1 then.
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

// endOf returns the end of a run of sequences, null when it is not known.
func endOf(f fields, key string, end *uint64) {
	if f.nullable(key, *end != damage.UnknownEnd) {
		f.number("", end)
	} else if f.reads() {
		*end = damage.UnknownEnd
	}
}

// spanFields walks two keys, of which both are null when there is nothing between them,
// and the second one when the end is not known.
func spanFields(f fields, firstKey, endKey string, first, end *uint64) {
	if f.nullable(firstKey, *end > *first) {
		f.number("", first)
		endOf(f, endKey, end)
	} else if f.nullable(endKey, false) {
		f.fail(null)
	}
}

// placeFields walks the sequence that both ends are when there is nothing between them.
func placeFields(f fields, key string, first, end *uint64) {
	if f.optional(key, *first == *end && *first > 0) {
		f.number("", first)
		if f.reads() {
			*end = *first
		}
	}
}
