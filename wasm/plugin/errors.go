package plugin

import (
	"errors"
	"fmt"

	"github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/wasm/abi"
)

// Errors that readers return besides those of package host and [TrapError].
var (
	// ErrLost ends an iteration whose instance trapped in another query. The error has the
	// [TrapError] of that one, which may be [ErrMemory].
	ErrLost = errors.New("thaw: plugin: the instance was closed")

	errLies = errors.New("thaw: plugin: the module violates the ABI")
)

// hostError is an error of the sandbox with the read error of the host that caused it.
type hostError struct{ err, cause error }

func (e *hostError) Error() string   { return e.err.Error() + ": " + e.cause.Error() }
func (e *hostError) Unwrap() []error { return []error{e.err, e.cause} }

// saidError is an error that the sandbox returned as a line of JSON.
type saidError struct {
	code abi.Code
	text string
}

func (e *saidError) Error() string { return e.code.Error() + ": " + e.text }
func (e *saidError) Unwrap() error { return e.code }

// malformed returns the error of a malformed answer. why is a *lines.SyntaxError.
func malformed(why error) error { return fmt.Errorf("%w: %w", abi.ErrWire, why) }

// failure returns the error for a code, the answer that came with it in a format, and the
// last read error during the query.
func failure(n int32, format uint32, answer []byte, read error) error {
	c := abi.Code(n)
	switch {
	case len(answer) == 0:
		return c
	case abi.Text(format):
		return &saidError{code: c, text: string(answer)}
	}
	_, err, bad := lines.DecodeFailure(answer)
	switch {
	case bad != nil:
		return errors.Join(c, malformed(bad))
	case err == nil:
		err = c
	}
	if c == abi.ErrInternal {
		err = errors.Join(c, err)
	}
	if read != nil && errors.Is(err, abi.ErrRead) {
		err = &hostError{err: err, cause: read}
	}
	return err
}
