package host

import (
	"strconv"

	"github.com/thawlog/thaw/core/escape"
)

// LockedError reports that another writer has the store open.
type LockedError struct {
	Path string
	// Holder describes the other writer, as far as the lock file does.
	Holder Holder
}

// Error names the directory and the holder.
func (e *LockedError) Error() string {
	return escape.Text("thaw: " + e.Path + ": another writer has the store open: " + e.Holder.String())
}

// Unwrap returns ErrLocked.
func (e *LockedError) Unwrap() error { return ErrLocked }

// FailedError reports why a store is read-only: a write or sync failed and left the files
// in an unknown state. All acknowledged events are safe, and queries still work. Reopen the
// store to write again.
type FailedError struct {
	// Op is the operation that failed, such as "sync".
	Op   string
	Path string
	Err  error
}

// Error names the operation, the file and the cause.
func (e *FailedError) Error() string {
	return escape.Text("thaw: " + e.Op + " " + e.Path + ": " + e.Err.Error() + ": the store is read-only; reopen it")
}

// Unwrap returns ErrFailed and the cause.
func (e *FailedError) Unwrap() []error { return []error{ErrFailed, e.Err} }

// WriteError reports a failed write that was undone: none of its events are in the store,
// and the next append may succeed.
type WriteError struct {
	Op   string
	Path string
	Err  error
}

// Error names the operation, the file and the cause.
func (e *WriteError) Error() string {
	return escape.Text("thaw: " + e.Op + " " + e.Path + ": " + e.Err.Error())
}

// Unwrap returns the cause.
func (e *WriteError) Unwrap() error { return e.Err }

// EachError reports where [Store.AppendEach] stopped.
type EachError struct {
	// Done is the number of items written; items[Done] is the first that was not.
	Done int
	Err  error
}

// Error names the first item that was not written.
func (e *EachError) Error() string { return "item " + strconv.Itoa(e.Done) + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *EachError) Unwrap() error { return e.Err }
