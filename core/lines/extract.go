package lines

import (
	"github.com/thawlog/thaw/core/extract"
)

// AppendExtract appends what an extract holds as one object and a newline: events (the
// number of copied events), first_seq and end_seq (bounds of their sequences), files (the
// number of segments), names (whether names.thaw was copied), left_out (the selected events
// that could not be copied, each as [AppendFailedEvent] appends it), more (how many
// others), and damages (damaged places of the store, in which more events may be lost). code
// returns the code of a failure.
func AppendExtract(dst []byte, r *extract.Result, code func(error) int32) []byte {
	return appendLine(dst, func(f fields) { extractFields(f, r, code) })
}

func extractFields(f fields, r *extract.Result, code func(error) int32) {
	f.begin("")
	f.number("events", &r.Events)
	f.number("first_seq", &r.First)
	f.number("end_seq", &r.End)
	count(f, "files", &r.Files)
	f.flag("names", &r.Names)
	list(f, "left_out", &r.LeftOut, func(f fields, e *extract.LeftOut) { failedEventFields(f, code(e.Err), e.Err, e.Sequence, e.ID) })
	f.number("more", &r.More)
	count(f, "damages", &r.Damages)
	f.end()
}
