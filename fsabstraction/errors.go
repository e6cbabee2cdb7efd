package fsabstraction

import (
	"errors"
	"io/fs"
)

// ErrNotRegular is the class of every NotRegularError.
var ErrNotRegular = errors.New("fsabstraction: not a regular file")

// NotRegularError reports that Op refused Path because it is not a regular
// file. An open is refused before the operating system could wait for a pipe's other end or a
// device could react.
type NotRegularError struct {
	Op   string // "open", "rename", "remove", "lock"
	Path string
	Type Type // never Regular
}

// Error names the operation, the path and its type.
func (e *NotRegularError) Error() string {
	return "fsabstraction: " + e.Op + " " + e.Path + ": refused, it is a " + e.Type.String()
}

// Unwrap returns ErrNotRegular.
func (e *NotRegularError) Unwrap() error { return ErrNotRegular }

// CheckOffset returns nil unless off, an offset or size, is negative. Then it
// returns the error that the interfaces promise: fs.ErrInvalid in an fs.PathError.
// Implementations call it first.
func CheckOffset(op, path string, off int64) error {
	if off < 0 {
		return &fs.PathError{Op: op, Path: path, Err: fs.ErrInvalid}
	}
	return nil
}

// ErrNotTried is the class of errors of a SyncDir that failed before the sync, for example
// because the directory could not be opened. Then nothing is in doubt and the call
// may be repeated, unlike after a failed sync.
var ErrNotTried = errors.New("fsabstraction: no sync was tried")

// NotTried returns err as an error of class [ErrNotTried] with the same text, nil for nil.
func NotTried(err error) error {
	if err == nil {
		return nil
	}
	return &notTriedError{err}
}

type notTriedError struct{ err error }

func (e *notTriedError) Error() string   { return e.err.Error() }
func (e *notTriedError) Unwrap() []error { return []error{ErrNotTried, e.err} }
