package host

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/thawlog/thaw/core/verify"
)

// Verify reads every byte of the store in the directory at path and returns its findings, as
// package core/verify describes. Like [OpenReader] it takes no lock and never writes, so
// another process may append meanwhile. It uses only the options FS, NoMapping and
// OpenSegments.
//
// If progress is not nil, Verify calls it with the work done so far and in total. An error
// means that the check could not be completed; damage is not an error.
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
