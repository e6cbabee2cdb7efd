package compact

import (
	"errors"
	"strconv"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/segment"
)

// Errors of [Run] and [Measure], besides those of reading.
var (
	// ErrNoSegments: no segment has an id of the plan.
	ErrNoSegments = errors.New("compact: no segment has such an id")
	// ErrActive: the plan includes a segment that is still written to, or was not closed.
	ErrActive = errors.New("compact: the newest segment is not sealed")
	// ErrVerdict: Plan.Judge returned a value that is none of the verdicts.
	ErrVerdict = errors.New("compact: unknown verdict")
)

// BatchError reports that an atomic batch crosses the begin or the end of the run.
type BatchError struct {
	// From and To bound a longer run. It may need to be longer still.
	From, To uint64
}

// Error names the longer run.
func (e *BatchError) Error() string {
	return "compact: a batch crosses the first or the last segment; the run must reach from " +
		segment.Name(e.From) + " to " + segment.Name(e.To)
}

// DamageError reports that the run is damaged: it must be salvaged, not compacted.
type DamageError struct{ Damage *damage.Damage }

// Error describes the damage.
func (e *DamageError) Error() string {
	return "compact: a damaged store is not compacted; salvage it: " + e.Damage.Error()
}

// Unwrap returns the damage.
func (e *DamageError) Unwrap() error { return e.Damage }

// NumbersError reports that the footer of a segment does not have the sequences of its events,
// while hidden ranges may use either: after an unclean stop batpak 0.4.0 gives out sequences
// again. New footers would hide other events. The way out is to salvage the store, which writes
// the events that are seen today with footers of their own.
type NumbersError struct {
	File     string
	Sequence uint64 // of the first such event
}

// Error names the file and the event.
func (e *NumbersError) Error() string {
	return "compact: " + e.File + " has another sequence for event " + strconv.FormatUint(e.Sequence, 10) +
		" or none, and the hidden ranges may mean that one; salvage the store into a new one, which can be compacted"
}

// errPlan is returned when the copy of a segment does not have the events that were planned: the
// index answered otherwise than before. What markers say would be wrong.
var errPlan = errors.New("compact: the index changed while segments were planned and copied")
