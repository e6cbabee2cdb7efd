package source

import (
	"errors"
	"strconv"
)

// ErrRead is wrapped by every [ReadError].
var ErrRead = errors.New("source: a file could not be read")

// ErrGone is the error for a name that no longer leads to the listed file. It
// concerns the store, so it is never a [ReadError].
var ErrGone = errors.New("source: the file is gone")

// Verdict is an error about the bytes themselves: they were read and are wrong.
// A source that checks what it reads returns a Verdict from ReadAt.
type Verdict interface {
	error
	Verdict()
}

// ReadError reports a file or directory that could not be listed, opened or
// read: the process has too many files open, lacks a permission or memory, or
// the disk failed. Nothing is known of the bytes, so it is never damage; the
// same call may succeed the next time. errors.Is finds [ErrRead] and the cause,
// which natively is the system's (syscall.EMFILE, fs.ErrPermission).
type ReadError struct {
	// File is the name within the store's directory, "" for the directory.
	File string
	// Offset is where reading failed, in bytes, -1 when no byte was requested.
	Offset int64
	// Err is the cause.
	Err error
}

// Error names the file, the offset and the cause.
func (e *ReadError) Error() string {
	s := "thaw: "
	if e.File != "" {
		s += e.File + " "
	}
	s += "could not be read"
	if e.Offset >= 0 {
		s += " at byte " + strconv.FormatInt(e.Offset, 10)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns [ErrRead] and the cause.
func (e *ReadError) Unwrap() []error {
	if e.Err == nil {
		return []error{ErrRead}
	}
	return []error{ErrRead, e.Err}
}

// Failed turns the error of a call on a file into a [ReadError]. It returns
// nil, [ErrShort], [ErrGone] and a [Verdict] unchanged. A ReadError without a
// file name gets this one.
func Failed(file string, offset int64, err error) error {
	var verdict Verdict
	if err == nil || errors.Is(err, ErrShort) || errors.Is(err, ErrGone) || errors.As(err, &verdict) {
		return err
	}
	if errors.Is(err, ErrRead) {
		return Named(file, err)
	}
	return &ReadError{File: file, Offset: offset, Err: err}
}

// Named sets the file name of a [ReadError] that has none. It returns other
// errors unchanged.
func Named(file string, err error) error {
	failed, ok := err.(*ReadError)
	if !ok || failed.File != "" {
		return err
	}
	named := *failed
	named.File = file
	return &named
}
