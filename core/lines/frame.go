package lines

import (
	"github.com/thawlog/thaw/core/dissect"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
)

// MaxFrameBytes is how many bytes of a frame AppendFrame spells out.
const MaxFrameBytes = 1 << 20

// AppendFrame appends the frame of an event, explained, as one object and a newline: bytes (in
// hexadecimal, the first [MaxFrameBytes]), damage (why they are no sound frame, null if they
// are: at, the offset in the frame where a reader stops, detail and reason), file, length and
// offset (those of the index), and spans (see package dissect: at, depth, fits, where the frame
// says what the value must be, length, name, type, except of the frame's head, and value).
func AppendFrame(dst []byte, p event.Position, raw []byte, f *dissect.Frame) []byte {
	return appendLine(dst, func(w fields) {
		w.begin("")
		w.hex("bytes", raw[:min(len(raw), MaxFrameBytes)])
		if w.nullable("damage", f.Refusal != nil) {
			w.begin("")
			at, detail, reason := f.Refusal.Offset, Cause(f.Refusal.Err), string(f.Refusal.Reason)
			w.integer("at", &at)
			w.text("detail", &detail)
			w.text("reason", &reason)
			w.end()
		}
		file, length := segment.Name(p.Segment), uint64(p.Length)
		w.text("file", &file)
		w.number("length", &length)
		w.number("offset", &p.Offset)
		w.list("spans", len(f.Spans), func(i int) { appendSpan(w, &f.Spans[i]) })
		w.end()
	})
}

func appendSpan(w fields, s *dissect.Span) {
	w.begin("")
	count(w, "at", &s.At)
	count(w, "depth", &s.Depth)
	if fits := s.Fits == dissect.Fits; s.Fits != dissect.Undetermined {
		w.flag("fits", &fits)
	}
	count(w, "length", &s.Length)
	w.text("name", &s.Name)
	if s.Type != "" {
		w.text("type", &s.Type)
	}
	w.text("value", &s.Value)
	w.end()
}
