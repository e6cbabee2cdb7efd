package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"

	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/fsabstraction"
)

// Verify reads every byte of the store in the directory at path and says what
// is wrong with it, as package verify of the core describes. It opens files as
// [OpenReader] does: without a lock and without writing; another process may go
// on appending. Of the options only FS, NoMapping and OpenSegments count.
//
// progress, when it is not nil, is told how much of the work is done. An error
// means that the check could not be made, damage or not.
func Verify(ctx context.Context, path string, o ReaderOptions, progress func(done, total uint64)) (*verify.Result, error) {
	o = o.withDefaults()
	files := newDirectory(path, &o)
	result, err := verify.Run(everyName{files}, verify.Options{
		Hash:     digest,
		Stop:     ctx.Err,
		Progress: progress,
		Seed:     rand.Uint64(),
	})
	if err = errors.Join(err, files.release()); err != nil {
		return nil, fmt.Errorf("thaw: verify %s: %w", path, err)
	}
	return result, nil
}

// everyName is a directory with the names that are not a store's as well: a
// segment under a wrong name is a finding.
type everyName struct{ *directory }

func (d everyName) List() ([]store.Entry, error) {
	entries, err := d.directory.List()
	if err != nil {
		return nil, err
	}
	own := map[string]bool{}
	for _, e := range entries {
		own[e.Name] = true
	}
	names, err := d.options.FS.ReadDir(d.path)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if own[n.Name] {
			continue
		}
		info, err := d.options.FS.Lstat(filepath.Join(d.path, n.Name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, store.Entry{Name: n.Name, Size: info.Size, Regular: info.Type == fsabstraction.Regular})
	}
	return entries, nil
}
