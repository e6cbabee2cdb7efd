package mapping

import (
	"fmt"
	"io/fs"

	"github.com/thawlog/thaw/core/escape"
)

// errClosed is returned, in an fs.PathError, by a closed Source. It is fs.ErrClosed as
// well.
var errClosed = fmt.Errorf("mapping: source is closed: %w", fs.ErrClosed)

// FaultError reports that a part of the mapping could not be read: the file was truncated
// after it was mapped, or its disk failed. A later or shorter read may succeed. The
// contents of the caller's buffer are unspecified.
type FaultError struct {
	Path   string // the file was opened at; it may now mean another file
	Offset int64  // where the read started, in bytes from the start of the file
	Length int    // bytes of the file to read; which one failed is not known

	// Err is the runtime.Error of the fault or, where files are read instead of mapped,
	// io.ErrUnexpectedEOF.
	Err error
}

// Error names the file and the range.
func (e *FaultError) Error() string {
	return escape.Text(fmt.Sprintf("mapping: reading %d bytes at offset %d of %s: %v", e.Length, e.Offset, e.Path, e.Err))
}

// Unwrap returns Err.
func (e *FaultError) Unwrap() error { return e.Err }
