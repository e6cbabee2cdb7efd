package aggregate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"path/filepath"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
)

// FileSnapshots keeps snapshots in files below a directory of their own, which it makes and
// which may be deleted at any time. It must not be the store's. A file is replaced as a
// whole and not synced: after a crash it may be damaged, which a load notices.
type FileSnapshots struct {
	// FS is the file system, by default the operating system's.
	FS fsabstraction.FS
	// Dir is the directory.
	Dir string
}

var _ Cache = FileSnapshots{}

// Get implements [Cache].
func (f FileSnapshots) Get(_ context.Context, name string) ([]byte, error) {
	_, path, err := f.path(name)
	if err != nil {
		return nil, err
	}
	file, err := f.fs().Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	size, err := file.Size()
	if err != nil {
		return nil, err
	}
	b := make([]byte, min(size, int64(maxSnapshot)+1)) // a longer one is damaged
	n, err := file.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b[:n], nil
}

// Put implements [Cache]. Several Puts of one name at once, also of several processes, leave
// one of the snapshots. Its system calls are
//
//	open name.RANDOM.tmp, exclusively; write; close
//	rename name.RANDOM.tmp to name
//
// A crash may leave a temporary file, which may be deleted as any other.
func (f FileSnapshots) Put(_ context.Context, name string, snapshot []byte) error {
	dir, path, err := f.path(name)
	if err != nil {
		return err
	}
	temporary := fmt.Sprintf("%s.%016x.tmp", path, rand.Uint64())
	file, err := f.create(dir, temporary)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(snapshot, 0)
	err = errors.Join(err, file.Close())
	if err == nil {
		err = f.fs().Rename(temporary, path)
	}
	if err != nil {
		return errors.Join(err, f.remove(temporary))
	}
	return nil
}

// create creates a temporary file, and first its directory if that is missing.
func (f FileSnapshots) create(dir, temporary string) (fsabstraction.WriteFile, error) {
	file, err := f.fs().Create(temporary)
	if errors.Is(err, fs.ErrNotExist) {
		if err = f.fs().MkdirAll(dir); err == nil {
			file, err = f.fs().Create(temporary)
		}
	}
	if err != nil { // an error may come after the file was made
		return nil, errors.Join(err, f.remove(temporary))
	}
	return file, nil
}

func (f FileSnapshots) remove(path string) error {
	if err := f.fs().Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// path returns the path of a snapshot, and its directory: one of 256, since some file systems
// are slow with many files in one.
func (f FileSnapshots) path(name string) (dir, path string, err error) {
	if len(name) < 2 || !filepath.IsLocal(name) || filepath.Base(name) != name {
		return "", "", fs.ErrInvalid
	}
	dir = filepath.Join(f.Dir, name[:2])
	return dir, filepath.Join(dir, name), nil
}

func (f FileSnapshots) fs() fsabstraction.FS {
	if f.FS == nil {
		return osfs.FS{}
	}
	return f.FS
}
