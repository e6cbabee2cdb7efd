package plugin

import (
	"bytes"
	"errors"
	"strconv"
)

// ErrMemory is in the tree of every error of a question, or of beginning one, that took
// more memory than [Options].Memory allows: see [MemoryError].
var ErrMemory = errors.New("thaw: plugin: out of memory")

// MemoryError says that an instance ran out of memory. It is the Err of a [TrapError],
// or of the error of a question for which no instance could be made.
type MemoryError struct {
	// Limit is the bound in bytes: [Options].Memory, in whole pages of 64 KiB.
	Limit uint64
	// Err is what wazero says.
	Err error
}

// Error names the bound and the cause.
func (e *MemoryError) Error() string {
	return "out of memory: Options.Memory allows " + strconv.FormatUint(e.Limit, 10) + " bytes: " + e.Err.Error()
}

// Unwrap returns [ErrMemory] and the cause.
func (e *MemoryError) Unwrap() []error { return []error{ErrMemory, e.Err} }

// outOfMemory is what the Go runtime writes to standard error before it gives up
// because memory cannot grow.
const outOfMemory = "out of memory"

// saidAtMost bounds what is kept of an instance's standard error.
const saidAtMost = 4096

// said keeps the first bytes that an instance writes to its standard error, which are
// those of the Go runtime before it ends.
type said struct{ b []byte }

func (s *said) Write(p []byte) (int, error) {
	s.b = append(s.b, p[:min(len(p), saidAtMost-len(s.b))]...)
	return len(p), nil
}

// cause makes a [MemoryError] of an error that ended the instance for want of memory.
func (s *said) cause(err error, limit uint64) error {
	if s != nil && bytes.Contains(s.b, []byte(outOfMemory)) {
		return &MemoryError{limit, err}
	}
	return err
}
