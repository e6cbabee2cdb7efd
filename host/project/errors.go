package project

import (
	"errors"
	"fmt"
	"strings"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

var (
	// ErrName: a name is missing, longer than 255 bytes, or given to two projections of one
	// run.
	ErrName = errors.New("project: the projections of a run need different names of 1 to 255 bytes")
	// ErrRunning: the projection is already in a run of this process.
	ErrRunning = errors.New("project: the projection is already running")
	// ErrMoved: the row of an SQL projection in thaw_projections is no longer as this run
	// left it: another run of the projection has begun, perhaps in another process, or a
	// rebuild has replaced the read model. What this run had not committed is rolled back.
	ErrMoved = errors.New("project: another run or a rebuild has moved the projection")
	// ErrHalfChanged: an Apply of the state has failed before, so that the state may be half
	// changed. Make a new projection with a new state.
	ErrHalfChanged = errors.New("project: the state may be half changed by an event that it refused")
	// ErrStopped: the run of the projection has ended.
	ErrStopped = errors.New("project: the projection has stopped")
	// ErrVersion: the read model was made with another Version. It is the cause of a
	// *[VersionError].
	ErrVersion = errors.New("project: the read model is of another version")
	// ErrRemoved: fewer events of the region are before the position than the projection has
	// handled. A rebuild would make another read model than the one there is.
	ErrRemoved = errors.New("project: events that the projection has handled are no longer in the store")
)

// Error reports a projection that could not go on.
type Error struct {
	// Projection is its name.
	Projection string
	// Err is an *[EventError], one of this package's errors, [host.ErrOtherRegion], a
	// *[VersionError], a *[host.PositionError], a *[StatementError], or another error of the store.
	Err error
}

// Error names the projection and the cause.
func (e *Error) Error() string {
	return fmt.Sprintf("project: projection %q: %s", e.Projection, cause(e.Err))
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// EventError reports an event that a projection refused.
type EventError struct {
	Projection string
	ID         event.ID
	Sequence   uint64
	Kind       event.Kind
	// KindName is the name of the kind's type, "" if the registry does not know it.
	KindName string
	Entity   string
	// Err is a *typed.DecodeError, the error of the projection's function, or a *[PanicError].
	Err error
}

// Error names the event and the cause.
func (e *EventError) Error() string {
	kind := e.Kind.String()
	if e.KindName != "" {
		kind += " (" + e.KindName + ")"
	}
	return fmt.Sprintf("project: %q refuses event %d (%v) of kind %s and entity %q: %s",
		e.Projection, e.Sequence, e.ID, kind, e.Entity, cause(e.Err))
}

// cause returns the text of an error, to follow a text of this package.
func cause(err error) string { return strings.TrimPrefix(err.Error(), "project: ") }

// Unwrap returns the cause.
func (e *EventError) Unwrap() error { return e.Err }

// VersionError reports a projection of another version than its read model. The read model
// and its row are as they were: [SQLProjection.Rebuild] or [SQLProjection.Reset] changes them.
type VersionError struct {
	// Saved is the version that the read model was made with.
	Saved string
	// Version is that of the projection.
	Version string
}

// Error names both versions.
func (e *VersionError) Error() string {
	return fmt.Sprintf("%v: %q, not %q", ErrVersion, e.Saved, e.Version)
}

// Unwrap returns ErrVersion.
func (e *VersionError) Unwrap() error { return ErrVersion }

// regionError reports a row of another region.
type regionError struct{ saved, region string }

func (e *regionError) Error() string {
	return host.ErrOtherRegion.Error() + ": " + e.saved + ", not " + e.region
}

func (e *regionError) Unwrap() error { return host.ErrOtherRegion }

// PanicError is the cause of an [EventError] if the projection's function panicked.
type PanicError = typed.PanicError

// StatementError reports a statement of this package that the database refused.
type StatementError struct {
	// Statement is the SQL, or begin or commit.
	Statement string
	// Err is the driver's error. After an error of commit it is not known whether the
	// transaction took effect; the next run finds out.
	Err error
}

// Error returns the statement and the cause.
func (e *StatementError) Error() string { return fmt.Sprintf("project: %s: %v", e.Statement, e.Err) }

// Unwrap returns the driver's error.
func (e *StatementError) Unwrap() error { return e.Err }
