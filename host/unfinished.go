package host

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	coredir "github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/fsabstraction"
)

// unfinished is a directory beside its final place, in which a copy is made. It is locked, so
// that two copies to one place do not meet.
type unfinished struct {
	fs   fsabstraction.FS
	dst  string
	path string
	lock fsabstraction.Lock
}

// beginUnfinished makes the directory, and its parents. What an interrupted copy left in it
// stays.
func beginUnfinished(ctx context.Context, o *Options, dst string) (*unfinished, error) {
	u := &unfinished{fs: o.FS, dst: dst, path: filepath.Clean(dst) + ".unfinished"}
	if _, ok := o.FS.(fsabstraction.DirRenamer); !ok {
		return nil, fmt.Errorf("rename of a directory: %w", errors.ErrUnsupported)
	}
	err := makeDirectory(o.FS, u.path)
	if err != nil {
		return nil, err
	}
	if u.lock, err = lock(ctx, o.FS, u.path, o); err != nil {
		return nil, err // it may be another copy's
	}
	return u, nil
}

// clear removes the files of a store but those to keep. Files of other programs stay.
func (u *unfinished) clear(keep []string) error {
	names, err := u.fs.ReadDir(u.path)
	for _, n := range names {
		if coredir.KindOf(n.Name) != coredir.Other && !slices.Contains(keep, n.Name) {
			err = errors.Join(err, removeFile(u.fs, filepath.Join(u.path, n.Name)))
		}
	}
	return err
}

// finish gives the directory its final name, which must not exist.
func (u *unfinished) finish() error {
	err := syncDir(u.fs, u.path)
	if err = errors.Join(err, u.unlock()); err != nil {
		return err
	}
	if err := u.fs.(fsabstraction.DirRenamer).RenameDir(u.path, u.dst); err != nil {
		return err
	}
	return syncDir(u.fs, filepath.Dir(u.dst))
}

func (u *unfinished) unlock() error {
	l := u.lock
	if u.lock = nil; l == nil {
		return nil
	}
	return l.Unlock()
}

// drop removes the directory after a failure.
func (u *unfinished) drop() error {
	if !exists(u.fs, u.path) {
		return u.unlock()
	}
	err := errors.Join(u.clear(nil), u.unlock())
	if err == nil {
		err = removeFile(u.fs, filepath.Join(u.path, LockName))
	}
	if err == nil {
		err = u.fs.Remove(u.path)
	}
	return err
}
