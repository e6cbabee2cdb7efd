package host

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/thawlog/thaw/core/verify"
)

// Verify reads every byte of the store in the directory at path and returns what is
// wrong with it, as package core/verify describes. It opens files as
// [OpenReader] does: without a lock and without writing; another process may go
// on appending. Of the options only FS, NoMapping and OpenSegments count.
//
// progress, when it is not nil, is called with how much of the work is done. An error
// means that the check could not be made, damage or not.
func Verify(ctx context.Context, path string, o ReaderOptions, progress func(done, total uint64)) (*Findings, error) {
	o = o.withDefaults()
	files := newDirectory(path, &o)
	result, err := verify.Run(files, verify.Options{
		Hash:     digest,
		Stop:     ctx.Err,
		Progress: progress,
		Seed:     rand.Uint64(),
	})
	if err = errors.Join(err, files.release()); err != nil {
		return nil, failedAt("verify", path, err)
	}
	return findingsOf(result), nil
}
