package cli

import (
	"encoding/json"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
)

// The objects that --json prints. A list is never null; a number that is not
// known is.

type damageJSON struct {
	File   string        `json:"file"`
	Offset uint64        `json:"offset"`
	Length uint64        `json:"length"`
	Reason damage.Reason `json:"reason"`
	Detail string        `json:"detail"`
	Events []touchedJSON `json:"events"`
	// Unnamed counts touched events that are not in the list.
	Unnamed uint64 `json:"unnamed"`
	// Sequences from FirstSeq up to EndSeq (exclusive) may be lost; both are null
	// when none is in doubt, EndSeq alone when nobody knows where it ends.
	FirstSeq *uint64 `json:"first_seq"`
	EndSeq   *uint64 `json:"end_seq"`
}

type touchedJSON struct {
	EventID event.ID `json:"event_id"`
	Seq     *uint64  `json:"seq"`
}

type refusalJSON struct {
	File   string        `json:"file"`
	Reason damage.Reason `json:"reason"`
	// Offset is null when the trouble has no place.
	Offset *int64 `json:"offset"`
	Detail string `json:"detail"`
}

func damageObject(d *damage.Damage) damageJSON {
	o := damageJSON{
		File: d.File, Offset: d.Offset, Length: d.Length, Reason: d.Reason, Detail: causeText(d.Err),
		Events: list(d.Events, touchedObject), Unnamed: d.Unnamed,
	}
	if d.EndSequence > d.FirstSequence {
		o.FirstSeq = &d.FirstSequence
		if d.EndSequence != damage.UnknownEnd {
			o.EndSeq = &d.EndSequence
		}
	}
	return o
}

func touchedObject(t damage.Touched) touchedJSON {
	o := touchedJSON{EventID: t.ID}
	if t.Numbered {
		o.Seq = &t.Sequence
	}
	return o
}

func refusalObject(r *damage.Refusal) refusalJSON {
	o := refusalJSON{File: r.File, Reason: r.Reason, Detail: causeText(r.Err)}
	if r.Offset >= 0 {
		o.Offset = &r.Offset
	}
	return o
}

// list converts each item; it is empty and not nil for no items.
func list[F, T any](from []F, convert func(F) T) []T {
	to := make([]T, 0, len(from))
	for _, f := range from {
		to = append(to, convert(f))
	}
	return to
}

// object prints v as one line.
func (o *output) object(v any) error {
	enc := json.NewEncoder(o)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	return o.line()
}
