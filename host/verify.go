package host

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"

	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/swap"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/fsabstraction"
)

// Verify reads every byte of the store in the directory at path and returns its findings, as
// package core/verify describes. Like [OpenReader] it takes no lock and never writes, so
// another process may append meanwhile. It uses only the options FS, NoMapping and
// OpenSegments.
//
// When a compaction replaces files meanwhile, the check may begin again.
//
// If progress is not nil, Verify calls it with the work done so far and in total. An error
// means that the check could not be completed; damage is not an error.
func Verify(ctx context.Context, path string, o ReaderOptions, progress func(done, total uint64)) (*Findings, error) {
	o = o.withDefaults()
	var failed error
	for range verifyTries {
		before := generationOf(o.FS, path)
		result, err := verifyOnce(ctx, path, &o, progress)
		sound := err == nil && len(result.Damages) == 0
		if ctx.Err() == nil && !sound && (errors.Is(err, source.ErrGone) || !bytes.Equal(before, generationOf(o.FS, path))) {
			failed = cmp.Or(err, errChanges) // files of before and of after a compaction
			continue
		}
		if err != nil {
			return nil, failedAt("verify", path, err)
		}
		return findingsOf(result), nil
	}
	return nil, failedAt("verify", path, failed)
}

// verifyTries is how often a check is begun when compactions replace the files meanwhile.
const verifyTries = 10

var errChanges = errors.New("compactions replace the files again and again; check a backup")

func verifyOnce(ctx context.Context, path string, o *ReaderOptions, progress func(done, total uint64)) (*verify.Result, error) {
	files := newDirectory(path, o)
	result, err := verify.Run(files, verify.Options{
		Hash:     digest,
		Stop:     ctx.Err,
		Progress: progress,
		Seed:     rand.Uint64(),
	})
	return result, errors.Join(err, files.release())
}

// generationOf returns bytes that change when a compaction takes effect, and when its files have
// all got their names: store.thaw, and whether swap.thaw is there.
func generationOf(fsys fsabstraction.ReadFS, dir string) []byte {
	b := []byte{0}
	if _, err := fsys.Lstat(filepath.Join(dir, swap.FileName)); err == nil {
		b[0] = 1
	}
	f, err := fsys.Open(filepath.Join(dir, lineage.FileName))
	if err != nil {
		return b
	}
	content := make([]byte, lineage.MaxSize)
	n, _ := f.ReadAt(content, 0) // what cannot be read does not change
	_ = f.Close()
	return append(b, content[:n]...)
}
