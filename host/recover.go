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

// recoverSegment carries out r. The steps, each on disk before the next:
//
//  1. write the bytes to set aside to a file of their own
//  2. replace the segment with a copy up to its last whole append, with a footer; or
//     remove the segment
//  3. remove synced.thaw, which no longer applies
//
// After a stop between two steps, the next open recovers the store the same way. The
// segment is copied, not repaired in place: after a failed sync the system may count
// bytes as written that are only in its memory, and a second sync of the same bytes
// proves nothing.
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
	if errors.Is(err, fsabstraction.ErrNotRegular) { // not a writer's file
		err = nil
	}
	return errors.Join(err, syncDir(fs, dir))
}

// copyBlock is the number of bytes copied or compared at a time.
const copyBlock = 1 << 20

// copyRange copies src[from:to] to the start of dst.
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

// setAside copies the bytes to be removed to a file named after the segment and the
// offset, and returns its name. It keeps a copy made by an earlier recovery.
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

// holds reports whether a file exists, and whether its content is src[from:to].
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
	same, err = equal(never, f, src, from, to)
	return true, same, errors.Join(err, f.Close())
}

// equal reports whether f holds src[from:to]. The errors are those of src, unless it is stop's or
// f fails otherwise than by its length.
func equal(stop func() error, f, src fsabstraction.File, from, to int64) (bool, error) {
	want := make([]byte, min(copyBlock, to-from))
	got := make([]byte, len(want))
	for at := from; at < to; at += int64(len(want)) {
		want = want[:min(int64(len(want)), to-at)]
		if err := stop(); err != nil {
			return false, err
		}
		if err := readFull(src, want, at); err != nil {
			return false, err
		}
		if same, err := hasAt(f, at-from, want, got[:len(want)]); err != nil || !same {
			return false, err
		}
	}
	return true, nil
}

// never is the stop of work that is not interrupted.
func never() error { return nil }

// has reports whether a file has some bytes at an offset. It may be too short for them.
func has(f fsabstraction.File, off int64, want []byte) (bool, error) {
	return hasAt(f, off, want, make([]byte, len(want)))
}

// hasAt is has with a buffer of the length of want.
func hasAt(f fsabstraction.File, off int64, want, buffer []byte) (bool, error) {
	err := readFull(f, buffer, off)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return false, nil
	}
	return err == nil && bytes.Equal(buffer, want), err
}

// removeLeftovers removes the files that an interrupted replacement left: those under
// temporary names and, unless keep is nil, part files that are not in keep. It removes
// only regular files under names that a writer uses. With scratch, it leaves the one scratch
// file of an open.
func removeLeftovers(fs fsabstraction.FS, dir string, keep []string, scratch bool) error {
	names, err := fs.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		if n.Type != fsabstraction.Regular {
			continue
		}
		kind := coredir.KindOf(n.Name)
		if kind == coredir.Temporary && !(scratch && n.Name == coredir.ScratchName(1)) || kind == coredir.Part && keep != nil && !slices.Contains(keep, n.Name) {
			err = errors.Join(err, removeFile(fs, filepath.Join(dir, n.Name)))
		}
	}
	return err
}
