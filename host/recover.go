package host

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/fsabstraction"
)

// Recovered is what opening for writing did about an unclean stop.
type Recovered struct {
	// File is the segment that was being written.
	File string
	// Removed says that it held no event and is gone.
	Removed bool
	// Kept is its length without the footer it was given, and Cut how many bytes
	// behind that were no acknowledged append.
	Kept, Cut uint64
	// SetAside is the file in the store's directory that holds the cut bytes, ""
	// when they were nothing but the beginning of one write.
	SetAside string
}

// recoverSegment does what r says. The steps, each on disk before the next:
//
//  1. bytes that are set aside are in a file of their own
//  2. the segment is as it was found, and synced.thaw says where the segment's last whole append ends
//  3. the segment is cut there, or removed
//  4. it has a footer
//  5. synced.thaw, which no longer means anything, is gone
//
// A stop between two of them leaves a store that the next open recovers the same
// way.
func recoverSegment(fs fsabstraction.FS, dir string, r *store.Recovery) (*Recovered, error) {
	if r.File == "" {
		return nil, nil
	}
	path := filepath.Join(dir, r.File)
	done := &Recovered{File: r.File, Removed: r.Remove, Kept: r.Keep, Cut: r.Cut}
	if r.SetAside {
		var err error
		if done.SetAside, err = setAside(fs, dir, r); err != nil {
			return nil, fmt.Errorf("thaw: set the end of %s aside: %w", path, err)
		}
	}
	mark := newMarkFile(fs, dir)
	var err error
	if r.Remove {
		err = errors.Join(fs.Remove(path), syncDir(fs, dir))
	} else if err = syncSegment(fs, path); err == nil {
		if err = mark.begin(r.Mark); err == nil {
			err = sealRecovered(fs, path, r)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("thaw: recover %s: %w", path, errors.Join(err, mark.close()))
	}
	if err := errors.Join(mark.remove(), syncDir(fs, dir)); err != nil {
		return nil, fmt.Errorf("thaw: recover %s: %w", dir, err)
	}
	return done, nil
}

// syncSegment makes durable what a process that died has only written, so that the
// mark does not promise what power loss can still take.
func syncSegment(fs fsabstraction.FS, path string) error {
	f, err := fs.OpenWrite(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func sealRecovered(fs fsabstraction.FS, path string, r *store.Recovery) error {
	f, err := fs.OpenWrite(path)
	if err != nil {
		return err
	}
	if r.Cut > 0 {
		if err = f.Truncate(int64(r.Keep)); err == nil {
			err = f.Sync()
		}
	}
	if err == nil {
		_, err = f.WriteAt(r.Footer, int64(r.Keep))
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// setAside copies the bytes that will be cut off to a file named after the
// segment and the offset, and returns its name. A copy that an earlier recovery
// made is not made again.
func setAside(fs fsabstraction.FS, dir string, r *store.Recovery) (string, error) {
	b := make([]byte, r.Cut)
	if err := readInto(fs, filepath.Join(dir, r.File), b, int64(r.Keep)); err != nil {
		return "", err
	}
	base := r.File + ".cut-" + strconv.FormatUint(r.Keep, 10)
	name := base
	for n := 2; ; n++ {
		there, same, err := holds(fs, filepath.Join(dir, name), b)
		if err != nil {
			return "", err
		}
		if same {
			return name, nil
		}
		if !there {
			break
		}
		name = base + "-" + strconv.Itoa(n)
	}
	if err := replaceFile(fs, dir, name, writeWhole(b)); err != nil {
		return "", err
	}
	return name, syncDir(fs, dir)
}

// holds reports whether a file is there, and whether it is b.
func holds(fsys fsabstraction.FS, path string, b []byte) (there, same bool, err error) {
	info, err := fsys.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, false, nil
	case err != nil:
		return false, false, err
	case info.Type != fsabstraction.Regular || info.Size != int64(len(b)):
		return true, false, nil
	}
	got := make([]byte, len(b))
	err = readInto(fsys, path, got, 0)
	return true, bytes.Equal(got, b), err
}

func readInto(fs fsabstraction.FS, path string, b []byte, off int64) error {
	f, err := fs.Open(path)
	if err != nil {
		return err
	}
	_, err = f.ReadAt(b, off)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return errors.Join(err, f.Close())
}

// removeLeftovers removes what a stop in the middle of a replacement left.
func removeLeftovers(fs fsabstraction.FS, dir string) error {
	return removeIfThere(fs, filepath.Join(dir, temporary(artifact.FileName)))
}
