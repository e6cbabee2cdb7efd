package fsabstraction

import (
	"errors"
	"io/fs"
)

// ErrNotRegular is the class of every NotRegularError: a regular file was
// needed and the name stands for something else.
var ErrNotRegular = errors.New("fsabstraction: not a regular file")

// NotRegularError reports that Op refused Path because of what it is. Opening
// is refused before the operating system could wait for a pipe's other end or a
// device could react.
type NotRegularError struct {
	Op   string // "open", "rename", "remove", "lock"
	Path string
	Type Type // never Regular
}

// Error names the operation, the path and what was found there.
func (e *NotRegularError) Error() string {
	return "fsabstraction: " + e.Op + " " + e.Path + ": refused, it is a " + e.Type.String()
}

// Unwrap returns ErrNotRegular.
func (e *NotRegularError) Unwrap() error { return ErrNotRegular }

// CheckOffset returns nil for an offset or size that is not negative, and
// otherwise the error the interfaces promise, which is fs.ErrInvalid inside a
// fs.PathError. Implementations call it first.
func CheckOffset(op, path string, off int64) error {
	if off < 0 {
		return &fs.PathError{Op: op, Path: path, Err: fs.ErrInvalid}
	}
	return nil
}

// ErrNotTried is the class of errors of a SyncDir that came to nothing before a sync
// was tried, as when the directory could not be opened. Nothing is in doubt then, and
// the call may be repeated, unlike one whose sync failed.
var ErrNotTried = errors.New("fsabstraction: no sync was tried")

// NotTried makes an error of class [ErrNotTried], nil of nil. Its text is that of err.
func NotTried(err error) error {
	if err == nil {
		return nil
	}
	return &notTriedError{err}
}

type notTriedError struct{ err error }

func (e *notTriedError) Error() string   { return e.err.Error() }
func (e *notTriedError) Unwrap() []error { return []error{ErrNotTried, e.err} }
