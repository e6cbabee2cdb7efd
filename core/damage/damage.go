package damage

import (
	"strconv"

	"github.com/thawlog/thaw/core/escape"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/source"
)

// Refusal reports a file that was not used, and why. The store does without
// such a file and gets the same answers another way.
type Refusal struct {
	// File is the name within the store's directory.
	File   string
	Reason Reason
	// Offset is the place of the trouble in the file, -1 when it has none.
	Offset int64
	// Err is the cause, when it adds to the reason.
	Err error
}

// Error names the file, the offset, the reason and the cause.
func (r *Refusal) Error() string {
	return describe(r.File, r.Offset, "refused", r.Reason, r.Err)
}

// Unwrap returns the reason and the cause, for errors.Is and errors.As.
func (r *Refusal) Unwrap() []error { return both(r.Reason, r.Err) }

// Verdict implements source.Verdict.
func (r *Refusal) Verdict() {}

// Refuse returns a Refusal without a file name; the caller that knows the name
// sets it.
func Refuse(reason Reason, offset int64, err error) *Refusal {
	return &Refusal{Reason: reason, Offset: offset, Err: err}
}

// MaxTouched bounds Damage.Events, so that no file can make a report large.
const MaxTouched = 1000

// UnknownEnd is Damage.EndSequence when the end of the loss is not known.
const UnknownEnd = ^uint64(0)

// Touched identifies one event that a damage touches, as far as it is known.
type Touched struct {
	ID event.ID
	// Sequence is valid when Numbered is true.
	Sequence uint64
	Numbered bool
}

// Damage is trouble in bytes that exist nowhere else: part of a segment or of
// the hidden ranges. The ordinary torn end of the newest segment is never a
// Damage.
type Damage struct {
	// File is the name within the store's directory.
	File string
	// Offset and Length bound the damaged bytes. Length 0 is a point.
	Offset, Length uint64
	Reason         Reason
	// Events lists the touched events whose ids are still known, at most
	// MaxTouched of them. Unnamed counts the other touched events that are
	// known of.
	Events  []Touched
	Unnamed uint64
	// Sequences from FirstSequence up to EndSequence (exclusive) may be lost.
	// The two are equal when no sequence is in doubt. EndSequence is UnknownEnd
	// when the end of the loss is not known; later events of unsealed segments
	// may then have lower numbers than they had before.
	FirstSequence, EndSequence uint64
	// Err is the cause, when it adds to the reason.
	Err error
}

// Error names the file, the offset, the reason and the cause.
func (d *Damage) Error() string {
	return describe(d.File, int64(d.Offset), "damaged", d.Reason, d.Err)
}

// Unwrap returns the reason and the cause, for errors.Is and errors.As.
func (d *Damage) Unwrap() []error { return both(d.Reason, d.Err) }

// Verdict implements source.Verdict.
func (d *Damage) Verdict() {}

// Touch adds an event to the list, or to the count when the list is full.
func (d *Damage) Touch(t Touched) {
	if len(d.Events) < MaxTouched {
		d.Events = append(d.Events, t)
		return
	}
	d.Unnamed++
}

func both(r Reason, err error) []error {
	if err == nil {
		return []error{r}
	}
	return []error{r, err}
}

func describe(file string, offset int64, verb string, r Reason, err error) string {
	s := "thaw: "
	if file != "" {
		s += file + " "
	}
	s += verb
	if offset >= 0 {
		s += " at byte " + strconv.FormatInt(offset, 10)
	}
	s += ": " + string(r)
	if failed, ok := err.(*source.ReadError); ok && r == Unreadable {
		err = failed.Err // the line already names the file and the offset
	}
	if err != nil {
		s += ": " + err.Error()
	}
	return escape.Text(s)
}
