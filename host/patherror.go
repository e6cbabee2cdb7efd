package host

import "github.com/thawlog/thaw/core/escape"

// pathError says what could not be done with a store or one of its files. The path and
// the cause's text, which can have names in it, are escaped.
type pathError struct {
	op, path string
	err      error
}

func failedAt(op, path string, err error) error { return &pathError{op, path, err} }

func (e *pathError) Error() string {
	return escape.Text("thaw: " + e.op + " " + e.path + ": " + e.err.Error())
}

func (e *pathError) Unwrap() error { return e.err }
