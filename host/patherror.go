package host

import (
	"fmt"
	"strings"

	"github.com/thawlog/thaw/core/escape"
)

// failedAt returns an error with the operation and the path. It escapes the path and the
// cause's text, which may contain names.
func failedAt(op, path string, err error) error {
	return escape.Error(fmt.Errorf("thaw: %s %s: %w", op, path, &cause{err}))
}

// cause is an error behind a text of this package: its own text is without "thaw: ".
type cause struct{ err error }

func (c *cause) Error() string { return trimmed(c.err) }

func (c *cause) Unwrap() error { return c.err }

const prefix = "thaw: "

// trimmed returns the text of an error without the prefix.
func trimmed(err error) string { return strings.TrimPrefix(err.Error(), prefix) }
