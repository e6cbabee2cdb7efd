package verify

import (
	"strconv"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
)

// redacted counts the redacted events of a segment.
type redacted struct {
	events, tombstones uint64
	first, end         uint64 // bounds of their sequences, as far as known
}

func (r *redacted) add(kind event.Kind, t damage.Touched) {
	r.events++
	if kind == event.Tombstone {
		r.tombstones++
	}
	if !t.Numbered {
		return
	}
	if r.end == 0 || t.Sequence < r.first {
		r.first = t.Sequence
	}
	r.end = max(r.end, t.Sequence+1)
}

// note adds a note if the segment had redacted events, and begins the next one.
func (r *redacted) note(f *findings, file string) {
	if r.events > 0 {
		detail := strconv.FormatUint(r.events, 10) + " redacted events"
		if r.tombstones > 0 {
			detail += ", " + strconv.FormatUint(r.tombstones, 10) + " of them tombstones"
		}
		f.note(Note{Topic: Redacted, File: file, First: r.first, End: r.end, Detail: detail})
	}
	*r = redacted{}
}
