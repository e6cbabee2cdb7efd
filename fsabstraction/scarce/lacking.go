package scarce

import (
	"errors"
	"syscall"
)

// Lacking reports whether an error says that the process or the system has too many
// files open.
func Lacking(err error) bool {
	return err != nil && (errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || tooMany(err))
}
