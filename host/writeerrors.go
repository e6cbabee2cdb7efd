package host

import (
	"strconv"

	"github.com/thawlog/thaw/core/escape"
)

// LockedError says who has a store open for writing.
type LockedError struct {
	Path string
	// Holder describes the other writer, as far as it can be told.
	Holder Holder
}

// Error names the directory and the holder.
func (e *LockedError) Error() string {
	return escape.Text("thaw: " + e.Path + ": another writer has the store open: " + e.Holder.String())
}

// Unwrap returns ErrLocked.
func (e *LockedError) Unwrap() error { return ErrLocked }

// FailedError says why a store takes no more writes: a write or sync failed in a
// way that leaves the files in an unknown state. Everything that was acknowledged
// is safe; reading goes on.
type FailedError struct {
	// Op is what failed, such as "sync".
	Op   string
	Path string
	Err  error
}

// Error names the operation, the file and the cause.
func (e *FailedError) Error() string {
	return escape.Text("thaw: " + e.Op + " " + e.Path + ": " + e.Err.Error() + ": the store takes no more writes until it is reopened")
}

// Unwrap returns ErrFailed and the cause.
func (e *FailedError) Unwrap() []error { return []error{ErrFailed, e.Err} }

// WriteError says that a write failed and was taken back: nothing of it is in the
// store, and the next append may succeed.
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

// EachError says how far [Store.AppendEach] came.
type EachError struct {
	// Done is how many items were written; the item of that number was not.
	Done int
	Err  error
}

// Error names the first item that was not written.
func (e *EachError) Error() string { return "item " + strconv.Itoa(e.Done) + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *EachError) Unwrap() error { return e.Err }
