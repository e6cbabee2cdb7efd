package aggregate

import (
	"errors"
	"fmt"
	"strings"

	"github.com/thawlog/thaw/core/event"
)

// ConflictError reports a command that was decided on several times, each time on a state
// that had changed when its events were to be appended. Nothing was written.
type ConflictError struct {
	Entity string
	Tries  int
	// Err is the last conflict, of class host.ErrConflict.
	Err error
}

// Error names the entity and the last conflict.
func (e *ConflictError) Error() string {
	if e.Tries == 1 {
		return fmt.Sprintf("aggregate: %q changed during the only try: %v", e.Entity, e.Err)
	}
	return fmt.Sprintf("aggregate: %q changed during each of %d tries: %v", e.Entity, e.Tries, e.Err)
}

// Unwrap returns the last conflict.
func (e *ConflictError) Unwrap() error { return e.Err }

// ApplyError reports an event that the state's Apply refused.
type ApplyError struct {
	Entity   string
	ID       event.ID
	Sequence uint64
	Clock    uint32
	Kind     event.Kind
	Err      error
}

// Error names the entity, the event and the cause.
func (e *ApplyError) Error() string {
	return fmt.Sprintf("aggregate: %q cannot apply its event %d (%v, sequence %d, kind %v): %v",
		e.Entity, e.Clock, e.ID, e.Sequence, e.Kind, e.Err)
}

// Unwrap returns the cause.
func (e *ApplyError) Unwrap() error { return e.Err }

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
