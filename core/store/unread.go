package store

import (
	"errors"

	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/source"
)

// unread reports whether an error says that a file which nothing can stand in for
// could not be read: everything but an index. Such a file is always named.
func unread(err error) bool {
	var failed *source.ReadError
	return errors.As(err, &failed) && failed.File != "" && !directory.KindOf(failed.File).Derived()
}
