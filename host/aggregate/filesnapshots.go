package aggregate

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"sync"

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

// Put implements [Cache]. Its system calls are
//
//	unlink name.tmp, if a crash left one
//	open name.tmp, exclusively; write; close
//	rename name.tmp to name
func (f FileSnapshots) Put(_ context.Context, name string, snapshot []byte) error {
	dir, path, err := f.path(name)
	if err != nil {
		return err
	}
	turn := &putting[(name[0]^name[1]<<3)%byte(len(putting))]
	turn.Lock()
	defer turn.Unlock()
	temporary := path + ".tmp"
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

// putting keeps two snapshots of one name from using one temporary file at once, as a call of
// Snapshot and the background can. Other names rarely wait. Another process may fail, and is
// noticed.
var putting [64]sync.Mutex

// create creates a temporary file, and first what it needs.
func (f FileSnapshots) create(dir, temporary string) (fsabstraction.WriteFile, error) {
	file, err := f.fs().Create(temporary)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = f.fs().MkdirAll(dir)
	case errors.Is(err, fs.ErrExist):
		err = f.remove(temporary)
	default:
		return file, err
	}
	if err != nil {
		return nil, err
	}
	return f.fs().Create(temporary)
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
