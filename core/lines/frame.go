package lines

import (
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/dissect"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
)

// MaxFrameBytes is how many bytes of a frame AppendFrame spells out.
const MaxFrameBytes = 1 << 20

// AppendFrame appends the frame of an event, explained, as one object and a newline: bytes (in
// hexadecimal, the first [MaxFrameBytes]), file, length and offset (those of the index), refusal
// (why they are no sound frame, and where in the file a reader stops, null if they are one), and
// spans (see package dissect: at, depth, fits, where the frame says what the value must be,
// length, name, type, except of the frame's head, and value).
func AppendFrame(dst []byte, p event.Position, raw []byte, f *dissect.Frame) []byte {
	var refusal damage.Refusal
	return appendLine(dst, func(w fields) {
		w.begin("")
		w.hex("bytes", raw[:min(len(raw), MaxFrameBytes)])
		file, length := segment.Name(p.Segment), uint64(p.Length)
		if f.Refusal != nil {
			refusal = *f.Refusal
			refusal.File, refusal.Offset = file, int64(p.Offset)+max(refusal.Offset, 0)
		}
		w.text("file", &file)
		w.number("length", &length)
		w.number("offset", &p.Offset)
		if w.nullable("refusal", f.Refusal != nil) {
			refusalFields(w, "", &refusal, 0)
		}
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
