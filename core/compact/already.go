package compact

import (
	"bytes"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// frames reads single frames of the run's segments, by rising position.
type frames struct {
	id    uint64 // of the segment in win
	win   *source.Window
	body  segment.Body
	frame []byte
}

// already reports whether an event is what a verdict would make of it: so a repeated
// redaction, or a nightly compaction that leaves tombstones, does not write all segments
// again. A frame that cannot be read, or is another event's, is not: the copy reports it.
func (r *run) already(v Verdict, in *input, e *event.Event) (bool, error) {
	kind := e.Kind
	if v == Tombstone {
		kind = event.Tombstone
	}
	if v != Tombstone && v != Redact || kind != e.Kind {
		return false, nil
	}
	f := &r.frames
	if f.id != in.id {
		if f.id = in.id; f.win == nil {
			f.win = source.NewWindow(r.src, window)
		} else {
			f.win.Reset(r.src, window)
		}
	}
	raw, err := f.win.Bytes(e.Position.Offset, uint64(e.Position.Length))
	if err != nil {
		return false, source.Named(segment.Name(in.id), err)
	}
	if segment.DecodeFrame(raw, &f.body) != nil || !f.body.Redacted() {
		return false, nil
	}
	facts := f.body.Facts(e.Position)
	facts.Sequence = e.Sequence
	if facts != e.Facts || string(f.body.Entity) != e.Entity || string(f.body.Scope) != e.Scope {
		return false, nil
	}
	if f.frame, err = segment.Redact(f.frame[:0], raw, kind); err != nil {
		return false, nil
	}
	return bytes.Equal(f.frame, raw), nil
}
