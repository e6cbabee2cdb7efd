package host

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	coredir "github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/fsabstraction"
)

// recoverSegment does what r says. The steps, each on disk before the next:
//
//  1. bytes that are set aside are in a file of their own
//  2. a copy of the segment up to its last whole append, with a footer, takes its
//     place; or the segment is removed
//  3. synced.thaw, which no longer means anything, is gone
//
// A stop between two of them leaves a store that the next open recovers the same
// way. The segment is copied and not mended where it lies, because of what a failed
// sync leaves: the system then takes for written what is in its memory only, and a
// second sync of the same bytes proves nothing.
func recoverSegment(fs fsabstraction.FS, dir string, r *store.Recovery) (*Recovered, error) {
	if r.File == "" {
		return nil, nil
	}
	done := &Recovered{File: r.File, Removed: r.Remove, Kept: r.Keep, Cut: r.Cut}
	err := recoverSteps(fs, dir, r, done)
	if err != nil {
		return nil, failedAt("recover", filepath.Join(dir, r.File), err)
	}
	return done, nil
}

func recoverSteps(fs fsabstraction.FS, dir string, r *store.Recovery, done *Recovered) (err error) {
	path := filepath.Join(dir, r.File)
	old, err := fs.Open(path)
	if err != nil {
		return err
	}
	if r.SetAside {
		if done.SetAside, err = setAside(fs, dir, r, old); err != nil {
			return errors.Join(err, old.Close())
		}
	}
	if r.Remove {
		err = fs.Remove(path)
	} else {
		err = replaceFile(fs, dir, r.File, func(f fsabstraction.WriteFile) error {
			if err := copyRange(f, old, 0, int64(r.Keep)); err != nil {
				return err
			}
			_, err := f.WriteAt(r.Footer, int64(r.Keep))
			return err
		})
	}
	if err = errors.Join(err, old.Close()); err == nil {
		err = syncDir(fs, dir)
	}
	if err != nil {
		return err
	}
	err = removeFile(fs, filepath.Join(dir, synced.FileName))
	if errors.Is(err, fsabstraction.ErrNotRegular) { // it was no mark
		err = nil
	}
	return errors.Join(err, syncDir(fs, dir))
}

// copyBlock is how many bytes are copied or compared at once.
const copyBlock = 1 << 20

// copyRange writes the bytes of src from from up to to to the start of dst.
func copyRange(dst fsabstraction.WriteFile, src fsabstraction.File, from, to int64) error {
	b := make([]byte, min(copyBlock, to-from))
	for at := from; at < to; at += int64(len(b)) {
		b = b[:min(int64(len(b)), to-at)]
		if err := readFull(src, b, at); err != nil {
			return err
		}
		if _, err := dst.WriteAt(b, at-from); err != nil {
			return err
		}
	}
	return nil
}

func readFull(f fsabstraction.File, b []byte, off int64) error {
	_, err := f.ReadAt(b, off)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// setAside copies the bytes that will be cut off to a file named after the
// segment and the offset, and returns its name. A copy that an earlier recovery
// made is not made again.
func setAside(fs fsabstraction.FS, dir string, r *store.Recovery, old fsabstraction.File) (string, error) {
	from, to := int64(r.Keep), int64(r.Keep+r.Cut)
	var name string
	for n := 1; ; n++ {
		name = coredir.CutName(r.File, r.Keep, n)
		there, same, err := holds(fs, filepath.Join(dir, name), old, from, to)
		if err != nil {
			return "", err
		}
		if same {
			return name, nil
		}
		if !there {
			break
		}
	}
	err := replaceFile(fs, dir, name, func(f fsabstraction.WriteFile) error {
		return copyRange(f, old, from, to)
	})
	if err != nil {
		return "", err
	}
	return name, syncDir(fs, dir)
}

// holds reports whether a file is there, and whether it is the bytes of src from
// from up to to.
func holds(fsys fsabstraction.FS, path string, src fsabstraction.File, from, to int64) (there, same bool, err error) {
	info, err := fsys.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, false, nil
	case err != nil:
		return false, false, err
	case info.Type != fsabstraction.Regular || info.Size != to-from:
		return true, false, nil
	}
	f, err := fsys.Open(path)
	if err != nil {
		return true, false, err
	}
	same, err = equal(f, src, from, to)
	return true, same, errors.Join(err, f.Close())
}

func equal(f, src fsabstraction.File, from, to int64) (bool, error) {
	a := make([]byte, min(copyBlock, to-from))
	b := make([]byte, len(a))
	for at := from; at < to; at += int64(len(a)) {
		n := min(int64(len(a)), to-at)
		a, b = a[:n], b[:n]
		if err := errors.Join(readFull(f, a, at-from), readFull(src, b, at)); err != nil {
			return false, err
		}
		if !bytes.Equal(a, b) {
			return false, nil
		}
	}
	return true, nil
}

// removeLeftovers removes what a stop in the middle of a replacement left: files
// under temporary names, and part files that are not in keep, unless that is nil.
// Only a regular file under a name that a writer makes is one of them.
func removeLeftovers(fs fsabstraction.FS, dir string, keep []string) error {
	names, err := fs.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		if n.Type != fsabstraction.Regular {
			continue
		}
		kind := coredir.KindOf(n.Name)
		if kind == coredir.Temporary || kind == coredir.Part && keep != nil && !slices.Contains(keep, n.Name) {
			err = errors.Join(err, removeFile(fs, filepath.Join(dir, n.Name)))
		}
	}
	return err
}
