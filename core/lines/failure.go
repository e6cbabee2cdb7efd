package lines

import (
	"errors"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
)

// AppendFailure appends a failed answer as one object and a newline: code,
// error (the text), damage (as in [AppendReport], or null), and optionally
// cause, which has more for programs than the text.
func AppendFailure(dst []byte, code int32, err error) []byte {
	return appendLine(dst, func(f fields) { failureFields(f, "", &code, &err) })
}

// AppendFailedEvent appends an event that could not be read as one object and a newline: failure
// (as AppendFailure appends it), seq and event_id, which the index has.
func AppendFailedEvent(dst []byte, code int32, err error, e *event.Event) []byte {
	return appendLine(dst, func(f fields) { failedEventFields(f, code, err, e.Sequence, e.ID) })
}

func failedEventFields(f fields, code int32, err error, sequence uint64, id event.ID) {
	f.begin("")
	failureFields(f, "failure", &code, &err)
	f.number("seq", &sequence)
	f.hex("event_id", id[:])
	f.end()
}

// DecodeFailure decodes a line of AppendFailure. bad is a [*SyntaxError] for
// any other line.
func DecodeFailure(line []byte) (code int32, err, bad error) {
	if bad := readLine(line, func(f fields) { failureFields(f, "", &code, &err) }); bad != nil {
		return 0, nil, bad
	}
	return code, err, nil
}

func failureFields(f fields, key string, code *int32, err *error) {
	f.begin(key)
	wide, text := int64(*code), ""
	if *err != nil {
		text = (*err).Error()
	}
	f.integer("code", &wide)
	if f.reads() {
		if *code = int32(wide); int64(*code) != wide {
			f.fail("a code")
		}
	}
	f.text("error", &text)
	// The first damage of the tree, for programs that do not read the cause.
	var d *damage.Damage
	if f.nullable("damage", errors.As(*err, &d)) {
		damageFields(f, "", made(f, &d), 0)
	}
	causeFields(f, text, err, 0)
	f.end()
}
