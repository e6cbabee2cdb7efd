package host

import "github.com/thawlog/thaw/core/escape"

// failedAt returns an error with the operation and the path. It escapes the path and the
// cause's text, which may contain names.
func failedAt(op, path string, err error) error { return escape.At(op+" "+path, err) }
