package damage

import (
	"strconv"

	"github.com/thawlog/thaw/core/escape"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/source"
)

// Refusal says that a file which can be done without was not taken, and why.
// The store then took the next way to the same answers.
type Refusal struct {
	// File is the name within the store's directory.
	File   string
	Reason Reason
	// Offset is where in the file the trouble is, -1 when it has no place.
	Offset int64
	// Err is the cause, when there is more to say than the reason's name.
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

// Refuse builds the error a decoder returns; the caller that knows the name
// of the file sets it.
func Refuse(reason Reason, offset int64, err error) *Refusal {
	return &Refusal{Reason: reason, Offset: offset, Err: err}
}

// MaxTouched bounds Damage.Events, so that a report stays small whatever a
// file claims.
const MaxTouched = 1000

// UnknownEnd is Damage.EndSequence when nothing tells how far the loss goes.
const UnknownEnd = ^uint64(0)

// Touched names one event that a damage touches, as far as it is known.
type Touched struct {
	ID event.ID
	// Sequence is valid when Numbered is true.
	Sequence uint64
	Numbered bool
}

// Damage is trouble in bytes that nothing else holds: part of a segment or of
// the hidden ranges. It never stands for the ordinary torn end of the newest
// segment.
type Damage struct {
	// File is the name within the store's directory.
	File string
	// Offset and Length bound the damaged bytes. Length 0 is a place, not an
	// extent.
	Offset, Length uint64
	Reason         Reason
	// Events names the events it touches where their ids can still be told, at
	// most MaxTouched of them; Unnamed counts those that are known of and not
	// in the list.
	Events  []Touched
	Unnamed uint64
	// Sequences from FirstSequence up to EndSequence (exclusive) may be among
	// the lost. The two are equal when no sequence is in doubt; EndSequence is
	// UnknownEnd when the loss has no known end, and then later events of
	// unsealed segments may carry lower numbers than they once had.
	FirstSequence, EndSequence uint64
	// Err is the cause, when there is more to say than the reason's name.
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
		err = failed.Err // the rest has been said
	}
	if err != nil {
		s += ": " + err.Error()
	}
	return escape.Text(s)
}
