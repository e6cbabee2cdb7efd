package plugin

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/wasm/abi"
)

// Errors that readers return besides the typed damages of core/damage and
// [TrapError].
var (
	// ErrNotFound: no visible event has the id. It is host.ErrNotFound.
	ErrNotFound = store.ErrNotFound
	// ErrClosed is returned by every method of a closed [Reader] or [Snapshot]. It is
	// fs.ErrClosed too.
	ErrClosed = fmt.Errorf("thaw: the store is closed: %w", fs.ErrClosed)
	// ErrLost ends an iteration whose instance trapped in another question.
	ErrLost = errors.New("thaw: plugin: the instance was closed")

	errLies = errors.New("thaw: plugin: the module does not keep to the ABI")
)

// hostError is an error of the sandbox together with why the host could not read.
type hostError struct{ err, cause error }

func (e *hostError) Error() string   { return e.err.Error() + ": " + e.cause.Error() }
func (e *hostError) Unwrap() []error { return []error{e.err, e.cause} }

// failure makes an error of a code, the answer that came with it, and the last read
// that failed meanwhile.
func failure(n int32, answer []byte, read error) error {
	c := abi.Code(n)
	if len(answer) == 0 {
		return c
	}
	err, bad := abi.DecodeError(answer)
	switch {
	case bad != nil:
		return errors.Join(c, bad)
	case err == nil:
		err = c
	}
	if c == abi.ErrInternal {
		err = errors.Join(c, err)
	}
	if read != nil && errors.Is(err, abi.ErrRead) {
		err = &hostError{err, read}
	}
	return err
}
