package host

import (
	"fmt"

	"github.com/thawlog/thaw/core/escape"
)

// failedAt says what could not be done with a store or one of its files. The path and
// the cause's text, which can have names in it, are escaped.
func failedAt(op, path string, err error) error {
	return escape.Error(fmt.Errorf("thaw: %s %s: %w", op, path, err))
}
