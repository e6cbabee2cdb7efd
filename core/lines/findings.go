package lines

import (
	"strconv"

	"github.com/thawlog/thaw/core/verify"
)

// AppendFindings appends what a verification found as one object and a newline: sound,
// damages (see [AppendDamage]), notes (topic, file, offset, event or null, first, end,
// detail), omitted (findings beyond the listed ones), bytes, segments, frames, events,
// hidden, batches and opened_from.
func AppendFindings(dst []byte, r *verify.Result) []byte {
	dst = strconv.AppendBool(append(dst, `{"sound":`...), r.Sound())
	dst = appendPointers(append(dst, `,"damages":`...), r.Damages, AppendDamage)
	dst = appendList(append(dst, `,"notes":`...), r.Notes, appendNote)
	dst = AppendNumber(dst, `,"omitted":`, r.Omitted)
	dst = AppendNumber(dst, `,"bytes":`, r.Bytes)
	dst = AppendNumber(dst, `,"segments":`, r.Segments)
	dst = AppendNumber(dst, `,"frames":`, r.Frames)
	dst = AppendNumber(dst, `,"events":`, r.Events)
	dst = AppendNumber(dst, `,"hidden":`, r.Hidden)
	dst = AppendNumber(dst, `,"batches":`, r.Batches)
	dst = AppendText(append(dst, `,"opened_from":`...), string(r.OpenedFrom))
	return append(dst, "}\n"...)
}

func appendNote(dst []byte, n *verify.Note) []byte {
	dst = AppendText(append(dst, `{"topic":`...), string(n.Topic))
	dst = AppendText(append(dst, `,"file":`...), n.File)
	dst = AppendNumber(dst, `,"offset":`, n.Offset)
	dst = append(dst, `,"event":`...)
	if n.Named {
		dst = appendTouched(dst, &n.Event)
	} else {
		dst = append(dst, null...)
	}
	dst = appendSpan(dst, `,"first":`, `,"end":`, n.First, n.End)
	return append(AppendText(append(dst, `,"detail":`...), n.Detail), '}')
}
