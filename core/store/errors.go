package store

import (
	"errors"
	"strconv"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/escape"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/source"
)

// ErrNotFound is returned for an event id that no visible event has.
var ErrNotFound = errors.New("thaw: no visible event has this id")

// ErrErased is the class of every error that says that an event's payload is gone for good, and
// is no damage: [ErrRedacted], and those of Options.Unseal that are of this class. A loop over
// payloads may go on after one.
var ErrErased = errors.New("thaw: the event's payload was erased")

// ErrRedacted is the class of every [RedactedError]. It is of class [ErrErased].
var ErrRedacted error = &redacted{"thaw: the event's payload was redacted"}

type redacted struct{ text string }

func (e *redacted) Error() string      { return e.text }
func (*redacted) Is(target error) bool { return target == ErrErased }

// RedactedError reports an event whose payload and metadata were removed from the store. It is
// no damage: the event keeps its place, and everything else that the store knows of it.
type RedactedError struct {
	ID       event.ID
	Sequence uint64
	Kind     event.Kind
}

// Error names the event.
func (e *RedactedError) Error() string {
	return ErrRedacted.Error() + ": event " + e.ID.String() + " (sequence " + strconv.FormatUint(e.Sequence, 10) + ", kind " + e.Kind.String() + ")"
}

// Unwrap returns [ErrRedacted].
func (e *RedactedError) Unwrap() error { return ErrRedacted }

// Redaction returns the [RedactedError] of an event that was read, or nil if it is not redacted.
// A tombstone is not: that it has no payload is what its kind says.
func Redaction(e *event.Full) error {
	if !e.Redacted() || e.Kind == event.Tombstone {
		return nil
	}
	return &RedactedError{ID: e.ID, Sequence: e.Sequence, Kind: e.Kind}
}

// EventError names an event that could not be read.
type EventError struct {
	ID       event.ID
	Sequence uint64
	Kind     event.Kind
	// Err is the cause, nil when there is no more to say.
	Err error
}

// Error names the event and the cause.
func (e *EventError) Error() string {
	s := "event " + e.ID.String() + " (sequence " + strconv.FormatUint(e.Sequence, 10) + ", kind " + e.Kind.String() + ")"
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return escape.Text(s)
}

// Unwrap returns the cause.
func (e *EventError) Unwrap() error { return e.Err }

// stopError marks the error of Options.Stop, so that it does not pass for trouble
// with a file.
type stopError struct{ err error }

func (e stopError) Error() string { return e.err.Error() }
func (e stopError) Unwrap() error { return e.err }

// markStop makes every error of stop a stopError.
func markStop(stop func() error) func() error {
	if stop == nil {
		return nil
	}
	return func() error {
		if err := stop(); err != nil {
			return stopError{err: err}
		}
		return nil
	}
}

// unmarkStop returns the error of stop itself, and any other error as it is.
func unmarkStop(err error) error {
	var stop stopError
	if errors.As(err, &stop) {
		return stop.err
	}
	return err
}

// unread reports whether an error says that a file which nothing can replace could
// not be read: any file but an index. Such an error always names its file.
func unread(err error) bool {
	var failed *source.ReadError
	return errors.As(err, &failed) && failed.File != "" && !directory.KindOf(failed.File).Derived()
}

// repairable reports whether an error is about the index files of a part.
func repairable(err error) bool {
	var stop stopError
	var lost *damage.Damage
	if errors.As(err, &stop) || errors.As(err, &lost) || unread(err) {
		return false
	}
	var refused *damage.Refusal
	return errors.As(err, &refused) || errors.Is(err, index.ErrTable) ||
		errors.Is(err, source.ErrShort) || errors.Is(err, source.ErrRead)
}

// refusal makes any error a [damage.Refusal] of a file.
func refusal(file string, err error) *damage.Refusal {
	var r *damage.Refusal
	if errors.As(err, &r) {
		named := *r
		named.File = file
		return &named
	}
	return &damage.Refusal{File: file, Reason: damage.Unreadable, Offset: -1, Err: err}
}

// lateRefusal makes an error a refusal of a file that was accepted and turned out
// damaged. An error that already names a file keeps it.
func lateRefusal(file string, why error) *damage.Refusal {
	var r *damage.Refusal
	for errors.As(why, &r) {
		if r.File != "" {
			return r
		}
		why = r.Err
	}
	if r != nil {
		return refusal(file, r)
	}
	if errors.Is(why, source.ErrRead) {
		return refusal(file, why)
	}
	return &damage.Refusal{File: file, Reason: damage.Lookups, Offset: -1, Err: why}
}

// refusedFile returns the file that a refusal or one of its causes names, "" when
// none does.
func refusedFile(why error) string {
	var refused *damage.Refusal
	for errors.As(why, &refused) {
		if refused.File != "" {
			return refused.File
		}
		why = refused.Err
	}
	return ""
}
