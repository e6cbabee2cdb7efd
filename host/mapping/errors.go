package mapping

import (
	"fmt"
	"io/fs"

	"github.com/thawlog/thaw/core/escape"
)

// ErrClosed is returned, inside a fs.PathError, by a Source that was closed. It
// is fs.ErrClosed as well.
var ErrClosed = fmt.Errorf("mapping: source is closed: %w", fs.ErrClosed)

// FaultError reports that a part of the mapping could not be read: the
// file was cut after it was mapped, or its disk failed. The bytes may be readable
// at another time and in part; of the caller's buffer nothing is promised.
type FaultError struct {
	Path   string // of the file, as it was opened; by now it may mean another file
	Offset int64  // where the read started, in bytes from the start of the file
	Length int    // how many bytes of the file it asked for; which one failed is not known

	// Err is the runtime.Error that the fault raised, or, where files are
	// not mapped but read, io.ErrUnexpectedEOF.
	Err error
}

// Error names the file and the range.
func (e *FaultError) Error() string {
	return escape.Text(fmt.Sprintf("mapping: reading %d bytes at offset %d of %s: %v", e.Length, e.Offset, e.Path, e.Err))
}

// Unwrap returns Err.
func (e *FaultError) Unwrap() error { return e.Err }
