package scarce

import (
	"errors"
	"syscall"
)

// tooMany recognises ERROR_TOO_MANY_OPEN_FILES.
func tooMany(err error) bool { return errors.Is(err, syscall.Errno(4)) }
