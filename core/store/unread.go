package store

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/source"
)

// openFile opens a file of a store. The error is [ErrGone] or a
// [source.ReadError] that names it.
func openFile(files Files, name string) (source.Source, error) {
	src, err := files.Open(name)
	if err != nil {
		return nil, source.Failed(name, -1, err)
	}
	return src, nil
}

// unread reports whether an error says that a file which nothing can stand in for
// could not be read: everything but an index. Such a file is always named.
func unread(err error) bool {
	var failed *source.ReadError
	return errors.As(err, &failed) && failed.File != "" && !Disposable(failed.File)
}

// Disposable reports whether a name is that of a file that holds an index, which
// the segments can stand in for.
func Disposable(name string) bool {
	_, _, part := index.ParsePartName(name)
	return part || name == artifact.FileName || name == index.FileName || name == checkpoint.FileName
}
