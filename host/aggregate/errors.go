package aggregate

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host/typed"
)

// ConflictError reports a command that was decided on several times, each time on a state
// that had changed when its events were to be appended. Nothing was written.
type ConflictError struct {
	// Entity is "" for a command on several.
	Entity string
	Tries  int
	// Err is the last conflict, of class host.ErrConflict.
	Err error
}

// Error names the entity and the last conflict.
func (e *ConflictError) Error() string {
	what, tries := "the regions", "the only try"
	if e.Entity != "" {
		what = strconv.Quote(e.Entity)
	}
	if e.Tries > 1 {
		tries = fmt.Sprintf("each of %d tries", e.Tries)
	}
	return fmt.Sprintf("aggregate: %s changed during %s: %v", what, tries, e.Err)
}

// Unwrap returns the last conflict.
func (e *ConflictError) Unwrap() error { return e.Err }

// ApplyError reports an event that the state's Apply refused, or at which it panicked.
type ApplyError struct {
	Entity string
	// Decided says that Do decided on the event and wrote nothing: it has no sequence in the
	// store, and an id only if Do has a key.
	Decided  bool
	ID       event.ID
	Sequence uint64
	Clock    uint32
	Kind     event.Kind
	// Name is the name of the kind's type, "" for an unknown kind.
	Name string
	// Err is the error of Apply, or a *[PanicError].
	Err error
}

// Error names the entity, the event and the cause.
func (e *ApplyError) Error() string {
	kind := fmt.Sprintf("kind %v", e.Kind)
	if e.Name != "" {
		kind += " " + e.Name
	}
	if e.Decided {
		return fmt.Sprintf("aggregate: %q could not apply the decided event %d (%s), nothing was written: %v",
			e.Entity, e.Clock, kind, e.Err)
	}
	return fmt.Sprintf("aggregate: %q cannot apply its event %d (%v, sequence %d, %s): %v",
		e.Entity, e.Clock, e.ID, e.Sequence, kind, e.Err)
}

// Unwrap returns the cause.
func (e *ApplyError) Unwrap() error { return e.Err }

// PanicError is the cause of an [ApplyError] if Apply panicked.
type PanicError = typed.PanicError

func newPanicError(value any) *PanicError { return &PanicError{Value: value, Stack: debug.Stack()} }

// Reasons why a snapshot is not used, or not written. A *SnapshotError wraps one of them, or
// an error of the cache or of package payload.
var (
	// ErrSnapshotDamaged: the bytes are not those of a snapshot, or their checksum differs.
	ErrSnapshotDamaged = errors.New("aggregate: the snapshot is damaged")
	// ErrSnapshotOutdated: the snapshot was made with other types or another version, or is
	// of another entity.
	ErrSnapshotOutdated = errors.New("aggregate: the snapshot is of other types, another version or another entity")
	// ErrSnapshotEvents: the store is another one or has other events than those that the
	// snapshot was made of, such as a restored backup.
	ErrSnapshotEvents = errors.New("aggregate: the snapshot is of events that the store does not have")
	// ErrSnapshotState: the state is not the same after encoding and decoding, two parts of
	// it share memory, making the snapshot panicked, or batpak numbered the entity's events
	// twice. Such an aggregate gets no snapshot.
	ErrSnapshotState = errors.New("aggregate: the state cannot be saved")
)

// SnapshotError reports a snapshot that was not used or not written.
type SnapshotError struct {
	Entity string
	Err    error
}

// Error names the entity and the cause.
func (e *SnapshotError) Error() string {
	return fmt.Sprintf("aggregate: snapshot of %q: %s", e.Entity, strings.TrimPrefix(e.Err.Error(), "aggregate: "))
}

// Unwrap returns the cause.
func (e *SnapshotError) Unwrap() error { return e.Err }
