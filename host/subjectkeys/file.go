package subjectkeys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
)

// File is a keyring in one file. Several processes may use the file, on a file system with
// locks: each notices what the others change, with its next call.
//
// The file is small and is replaced as a whole: written under a temporary name, synced,
// renamed, the directory synced. So Create and Destroy cost two syncs, and after a crash the file is
// as before or after. It holds the secrets as they are: keep it, and every copy of it, apart from
// the store and from its backups, with access for the program alone. [OpenFile] makes it so
// (mode 0600 where the system has modes).
//
// Destroy leaves nothing of the secret in the file. It cannot promise that nothing is left on the
// disk: file systems and drives may keep the replaced blocks until they are used again, and
// snapshots, backups and links of the key file keep theirs. Encrypt the disk, and keep few
// backups of the key file, for a short time.
type File struct {
	fs   fsabstraction.FS
	path string

	mu     sync.RWMutex // guards what follows; held while another file is written
	keys   keys
	loaded fsabstraction.Info // of the file that keys are of; zero if there is none
	create bool
}

// FileOptions are the options of [OpenFile].
type FileOptions struct {
	// FS is the file system, by default the operating system's.
	FS fsabstraction.FS
	// Create makes a missing file an empty keyring; the first key creates it. Without it a
	// missing file is an error, so that a wrong path does not pass for a store without keys.
	Create bool
}

// FileError reports a key file that could not be used.
type FileError struct {
	Path string
	// Err is ErrFile, ErrFileVersion, or an error of the file system.
	Err error
}

// Error returns the path and the cause.
func (e *FileError) Error() string { return "subjectkeys: " + e.Path + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// OpenFile returns the keyring in a file, whose directory must exist. Every error is a
// *[FileError].
func OpenFile(path string, o FileOptions) (*File, error) {
	f := &File{fs: o.FS, path: path, keys: newKeys(), create: o.Create}
	if f.fs == nil {
		f.fs = osfs.FS{}
	}
	if err := f.load(); err != nil {
		return nil, f.failed(err)
	}
	return f, nil
}

// Create implements [Keyring].
func (f *File) Create(ctx context.Context, subject string) (Key, error) {
	if err := checkSubject(subject); err != nil {
		return Key{}, err
	}
	e, err := f.find(func(k keys) *entry { return k.subjects[subject] })
	if e != nil || err != nil {
		return keyOf(e, err)
	}
	err = f.change(ctx, func(k keys) (bool, error) {
		if e = k.subjects[subject]; e != nil { // another process was first
			return false, nil
		}
		e = &entry{Key: newKey(subject)}
		k.add(e)
		return true, nil
	})
	return keyOf(e, err)
}

func keyOf(e *entry, err error) (Key, error) {
	if err != nil {
		return Key{}, err
	}
	return e.key()
}

// Key implements [Keyring].
func (f *File) Key(_ context.Context, id KeyID) (Key, error) {
	return keyOf(f.find(func(k keys) *entry { return k.ids[id] }))
}

// Destroy implements [Keyring].
func (f *File) Destroy(ctx context.Context, subject string) error {
	return f.change(ctx, func(k keys) (bool, error) {
		e := k.subjects[subject]
		switch {
		case e == nil:
			return false, ErrNoKey
		case e.destroyed:
			return false, nil
		}
		k.add(&entry{Key: Key{ID: e.ID, Subject: e.Subject}, destroyed: true})
		return true, nil
	})
}

// Subjects returns the subjects in order, each with whether its key was destroyed.
func (f *File) Subjects() (iter.Seq2[string, bool], error) {
	var all keys
	if _, err := f.find(func(k keys) *entry { all = k; return nil }); err != nil {
		return nil, err
	}
	return func(yield func(string, bool) bool) {
		for _, subject := range slices.Sorted(maps.Keys(all.subjects)) {
			if !yield(subject, all.subjects[subject].destroyed) {
				return
			}
		}
	}, nil
}

// find calls what with the keys as they are in the file now. The keys never change.
func (f *File) find(what func(keys) *entry) (*entry, error) {
	f.mu.RLock()
	k := f.keys
	fresh, err := f.fresh()
	f.mu.RUnlock()
	if fresh {
		return what(k), nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		err = f.load()
	}
	if err != nil {
		return nil, f.failed(err)
	}
	return what(f.keys), nil
}

// failed returns the *FileError of an error.
func (f *File) failed(err error) error { return &FileError{Path: f.path, Err: err} }

// fresh reports whether the file is still the one that was read.
func (f *File) fresh() (bool, error) {
	info, err := f.fs.Lstat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return f.loaded == (fsabstraction.Info{}), nil
	}
	return err == nil && info == f.loaded, err
}

// load reads the file.
func (f *File) load() error {
	b, info, err := f.read()
	if errors.Is(err, fs.ErrNotExist) && f.create && f.loaded == (fsabstraction.Info{}) {
		return nil // there was none before either
	}
	if err != nil {
		return err
	}
	defer clear(b)
	k, err := decodeFile(b)
	if err == nil {
		f.keys, f.loaded = k, info
	}
	return err
}

// maxFile bounds the bytes of a key file.
const maxFile = 1 << 30

func (f *File) read() (b []byte, info fsabstraction.Info, err error) {
	file, err := f.fs.Open(f.path)
	if err != nil {
		return nil, info, err
	}
	defer file.Close()
	if info, err = file.Stat(); err != nil {
		return nil, info, err
	}
	if info.Size < 0 || info.Size > min(maxFile, math.MaxInt) {
		return nil, info, ErrFile
	}
	b = make([]byte, info.Size)
	if n, err := file.ReadAt(b, 0); n < len(b) {
		if errors.Is(err, io.EOF) {
			err = ErrFile
		}
		return nil, info, err
	}
	return b, info, nil
}

// change replaces the file by one with changed keys, if what says that something changed.
// what gets a copy of the keys in the file.
func (f *File) change(ctx context.Context, what func(keys) (bool, error)) error {
	unlock, err := f.lock(ctx)
	if err != nil {
		return f.failed(err)
	}
	defer unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	fresh, err := f.fresh()
	if err == nil && !fresh {
		err = f.load()
	}
	if err != nil {
		return f.failed(err)
	}
	k := keys{subjects: maps.Clone(f.keys.subjects), ids: maps.Clone(f.keys.ids)}
	changed, err := what(k)
	if err != nil || !changed {
		return err
	}
	info, err := f.replace(appendFile(nil, k))
	if err != nil {
		if f.loaded != (fsabstraction.Info{}) {
			f.loaded.Size = -1 // it may have taken effect: the next call reads the file
		}
		return f.failed(err)
	}
	f.keys, f.loaded = k, info
	return nil
}

const (
	temporary   = ".tmp"
	lockFile    = ".lock"
	lockPause   = time.Millisecond
	longestWait = 100 * time.Millisecond
)

// replace replaces the file. The system calls are
//
//	unlink file.tmp, if a crash left one
//	open file.tmp, exclusively; write; fsync; close
//	rename file.tmp to file
//	open the directory; fsync; close
func (f *File) replace(b []byte) (info fsabstraction.Info, err error) {
	defer clear(b)
	tmp := f.path + temporary
	if err := f.fs.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return info, err
	}
	create := f.fs.Create
	if p, ok := f.fs.(fsabstraction.PrivateCreator); ok {
		create = p.CreatePrivate
	}
	file, err := create(tmp)
	if err != nil {
		return info, err
	}
	_, err = file.WriteAt(b, 0)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return info, errors.Join(err, f.fs.Remove(tmp)) // it may hold secrets
	}
	if err := f.fs.Rename(tmp, f.path); err != nil {
		return info, errors.Join(err, f.fs.Remove(tmp))
	}
	if d, ok := f.fs.(fsabstraction.DirSyncer); ok {
		if err := d.SyncDir(filepath.Dir(f.path)); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return info, err
		}
	}
	return f.fs.Lstat(f.path)
}

// lock locks the file against other processes, where there are locks.
func (f *File) lock(ctx context.Context) (unlock func(), err error) {
	l, ok := f.fs.(fsabstraction.Locker)
	if !ok {
		return func() {}, nil
	}
	for pause := lockPause; ; pause = min(2*pause, longestWait) {
		held, err := l.Lock(f.path + lockFile)
		switch {
		case err == nil:
			return func() { _ = held.Unlock() }, nil
		case errors.Is(err, errors.ErrUnsupported):
			return func() {}, nil
		case !errors.Is(err, fsabstraction.ErrLocked):
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", err, context.Cause(ctx))
		case <-time.After(pause):
		}
	}
}
