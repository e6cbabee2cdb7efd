package host

import (
	"context"
	"errors"
	"math/rand/v2"

	coredir "github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/swap"
	"github.com/thawlog/thaw/core/verify"
)

// Verify reads every byte of the store in the directory at path and returns its findings, as
// package core/verify describes. Like [OpenReader] it takes no lock and never writes, so
// another process may append meanwhile. It uses only the options FS, NoMapping and
// OpenSegments.
//
// If a compaction replaces files meanwhile, so that some are missing or do not fit together,
// Verify begins again.
//
// If progress is not nil, Verify calls it with the work done so far and in total. An error
// means that the check could not be completed; damage is not an error.
func Verify(ctx context.Context, path string, o ReaderOptions, progress func(done, total uint64)) (*Findings, error) {
	o = o.withDefaults()
	for try := 1; ; try++ {
		before, err := lookReplaced(path, &o)
		if err != nil {
			return nil, failedAt("verify", path, err)
		}
		files := newDirectory(path, &o)
		result, err := verify.Run(files, verify.Options{
			Hash:     digest,
			Stop:     ctx.Err,
			Progress: progress,
			Seed:     rand.Uint64(),
		})
		err = errors.Join(err, files.release())
		if try < verifyTries && ctx.Err() == nil && (errors.Is(err, source.ErrGone) || err == nil && len(result.Damages) > 0) {
			after, look := lookReplaced(path, &o)
			if look == nil && after != before {
				continue // it saw files of before and after a compaction
			}
		}
		if err != nil {
			return nil, failedAt("verify", path, err)
		}
		return findingsOf(result), nil
	}
}

// verifyTries bounds how often a check that met a compaction is repeated.
const verifyTries = 20

// filesReplaced is what changes whenever files of a store are replaced: swap.thaw is made and
// removed, and a compaction makes another store.thaw.
type filesReplaced struct{ swap, lineage coredir.Entry }

func lookReplaced(path string, o *ReaderOptions) (r filesReplaced, err error) {
	files := newDirectory(path, o)
	defer func() { err = errors.Join(err, files.release()) }()
	for name, to := range map[string]*coredir.Entry{swap.FileName: &r.swap, lineage.FileName: &r.lineage} {
		if *to, err = files.Look(name); err != nil && !errors.Is(err, source.ErrGone) {
			return r, err
		}
	}
	return r, nil
}
