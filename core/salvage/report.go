package salvage

import (
	"slices"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/visibility"
)

// Outcome says what became of an event or of damaged bytes. Its text is its stable name.
type Outcome string

const (
	// Lost: the events exist no more.
	Lost Outcome = "lost"
	// Kept: the events are doubtful, and in the result.
	Kept Outcome = "kept"
	// LeftOut: the events are doubtful, and not in the result.
	LeftOut Outcome = "left_out"
)

// Finding is something lost or doubtful. Neighbouring events of one entity with the same
// outcome and reason are one finding.
type Finding struct {
	Outcome Outcome
	Reason  damage.Reason
	// File is a name in the damaged store. Offset and Length bound the bytes; a Length of
	// 0 is a point.
	File           string
	Offset, Length uint64
	// Events counts the events; 0 is an unknown number.
	Events uint64
	// ID is the first event's, zero if unknown.
	ID event.ID
	// Entity is "" if unknown. The clocks from FirstClock to EndClock, exclusive, are
	// concerned; none if both are equal.
	Entity               string
	FirstClock, EndClock uint64
	// Sequences from FirstSequence to EndSequence, exclusive, are concerned; none if both
	// are equal. EndSequence is damage.UnknownEnd if the end is not known.
	FirstSequence, EndSequence uint64
	// Err is the cause, if it adds to the reason.
	Err error
}

// MaxFindings bounds Report.Findings, so that no store makes a report without end.
const MaxFindings = 100_000

// FileUse is what a file was used as, if not as its name says. Its text is its stable name.
type FileUse string

const (
	// Moved: the file was read as another segment.
	Moved FileUse = "moved"
	// Copy: everything in the file is in others too, so it was not read.
	Copy FileUse = "copy"
	// Searched: the file was only searched for events that the store lacks.
	Searched FileUse = "searched"
)

// File is a file that was not read as its name says.
type File struct {
	Name string
	Use  FileUse
	// As is the name that it was read as, "" unless Use is Moved.
	As string
}

// Report says what a salvage found. A sound store's has no Findings and no Files.
type Report struct {
	// Events counts the events of the result, hidden ones included; Hidden counts those.
	Events, Hidden uint64
	// First and End bound their sequences, End exclusive; both are 0 without events.
	First, End uint64
	// NextSequence is a lower bound of the sequences of later events.
	NextSequence uint64
	HiddenRanges visibility.Ranges
	// Lost, Kept and LeftOut count the events of the findings, as far as they are known. An
	// event of which one finding knows the id and another the clock is counted twice.
	Lost, Kept, LeftOut uint64
	Findings            []Finding
	// Omitted counts the findings beyond MaxFindings.
	Omitted uint64
	Files   []File
	// Duplicates counts further copies of events that the result has. Unfinished counts
	// the items of batches that nothing committed: they never were events.
	Duplicates, Unfinished uint64
	// Reencoded counts the frames that were encoded again with the same content.
	Reencoded uint64
	// Rejected lists what was damaged without a loss: derived files, headers and footers.
	Rejected []*damage.Refusal
	// Gaps lists sequences that no event had, as footers say: a failed append of batpak's,
	// or a damaged footer.
	Gaps []replay.Gap
	// Torn is the incomplete end of the newest segment, nil if there is none: the trace of
	// an unclean stop. Where synced.thaw or an index shows that events were there, they are
	// in Findings.
	Torn *replay.Torn
}

// Whole reports whether nothing is lost or doubtful.
func (r *Report) Whole() bool { return len(r.Findings) == 0 }

func (r *Report) add(f Finding) {
	n := f.Events
	switch f.Outcome {
	case Lost:
		r.Lost += n
	case Kept:
		r.Kept += n
	default:
		r.LeftOut += n
	}
	if last := len(r.Findings) - 1; last >= 0 && r.Findings[last].joins(&f) {
		l := &r.Findings[last]
		l.Events += n
		l.EndClock, l.EndSequence = f.EndClock, f.EndSequence
		if f.Offset >= l.Offset {
			l.Length = max(l.Length, f.Offset+f.Length-l.Offset)
		}
		return
	}
	if len(r.Findings) == MaxFindings {
		r.Omitted++
		return
	}
	r.Findings = append(r.Findings, f)
}

// withdraw takes back the finding that one event is lost.
func (r *Report) withdraw(id event.ID) bool {
	i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Outcome == Lost && f.Events == 1 && f.ID == id })
	if i < 0 {
		return false
	}
	r.Findings = slices.Delete(r.Findings, i, i+1)
	r.Lost--
	return true
}

// joins reports whether g is about the events after those of f.
func (f *Finding) joins(g *Finding) bool {
	return f.Events > 0 && g.Events > 0 && f.Outcome == g.Outcome && f.Reason == g.Reason && f.File == g.File &&
		f.Entity == g.Entity && f.Entity != "" && f.EndClock == g.FirstClock && f.EndSequence <= g.FirstSequence && g.Offset >= f.Offset
}

// eventFinding is a finding about one event.
func eventFinding(o Outcome, reason damage.Reason, file string, e *event.Event, err error) Finding {
	f := Finding{
		Outcome: o, Reason: reason, File: file, Offset: e.Position.Offset, Length: uint64(e.Position.Length), Events: 1,
		ID: e.ID, Entity: e.Entity, FirstClock: uint64(e.Clock), EndClock: uint64(e.Clock) + 1, Err: err,
	}
	if e.Sequence != unnumbered {
		f.FirstSequence, f.EndSequence = e.Sequence, e.Sequence+1
	}
	return f
}
