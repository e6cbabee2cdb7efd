package scarce

import (
	"errors"
	"syscall"
)

// TooManyOpen reports whether err means that the process or the system has too many open files.
func TooManyOpen(err error) bool {
	return err != nil && (errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || tooMany(err))
}
