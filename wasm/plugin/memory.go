package plugin

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
)

// ErrMemory matches, with errors.Is, the error of every query that needed more memory than
// [Options].Memory allows, even to start; see [MemoryError].
var ErrMemory = errors.New("thaw: plugin: out of memory")

// MemoryError reports that an instance ran out of memory. A [TrapError] wraps it, as does
// the error of a query for which no instance could be made.
type MemoryError struct {
	// Limit is the bound in bytes: [Options].Memory, in whole pages of 64 KiB.
	Limit uint64
	// Err is the error of wazero.
	Err error
}

// Error names the bound and the cause.
func (e *MemoryError) Error() string {
	return "out of memory: Options.Memory allows " + strconv.FormatUint(e.Limit, 10) + " bytes: " + e.Err.Error()
}

// Unwrap returns [ErrMemory] and the cause.
func (e *MemoryError) Unwrap() []error { return []error{ErrMemory, e.Err} }

// outOfMemory are texts of which the Go runtime writes one to standard error before it exits
// because memory cannot grow.
var outOfMemory = [][]byte{[]byte("out of memory"), []byte("cannot allocate memory")}

// saidAtMost bounds the bytes kept of an instance's standard error.
const saidAtMost = 4096

// said keeps the first bytes that an instance writes to standard error, where the Go runtime
// explains its exit.
type said struct{ b []byte }

func (s *said) Write(p []byte) (int, error) {
	s.b = append(s.b, p[:min(len(p), saidAtMost-len(s.b))]...)
	return len(p), nil
}

// cause wraps err in a [MemoryError] if the instance ran out of memory.
func (s *said) cause(err error, limit uint64) error {
	if s != nil && slices.ContainsFunc(outOfMemory, func(text []byte) bool { return bytes.Contains(s.b, text) }) {
		return &MemoryError{Limit: limit, Err: err}
	}
	return err
}
