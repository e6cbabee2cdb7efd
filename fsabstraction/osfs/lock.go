//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows

package osfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"syscall"

	"github.com/gofrs/flock"

	"github.com/thawlog/thaw/fsabstraction"
)

// lock is a lock held by this process; flock is nil after Unlock.
type lock struct {
	name  string
	id    fsabstraction.Identity
	flock *flock.Flock // guarded by held.mu
}

// held lists the files this process has locked, through any FS. Some file systems lock per
// process, not per handle, and there a second Lock would succeed.
//
// mu is held during all of Lock and Unlock: on such a file system closing any handle of a
// file, even the one that created it, frees another goroutine's lock.
var held = struct {
	mu  sync.Mutex
	ids map[fsabstraction.Identity]bool
}{ids: map[fsabstraction.Identity]bool{}}

// errReplaced is returned by lockOnce when the name was given to another file.
var errReplaced = errors.New("the file was replaced while it was being locked")

// Lock implements fsabstraction.Locker. A file it creates has permissions 0666 before
// umask. An existing file must be writable, which network file systems require for an
// exclusive lock, and is not changed. On a file system without locks the error is
// errors.ErrUnsupported and the system's, and the file stays: another process may have
// succeeded.
//
// On Windows the lock on the first byte of the file is mandatory: no other handle, not even
// one of the holder, can read or write that byte. The other bytes are free.
func (FS) Lock(name string) (fsabstraction.Lock, error) {
	held.mu.Lock()
	defer held.mu.Unlock()
	l, err := retryReplaced(func() (*lock, error) { return lockOnce(name, (*flock.Flock).TryLock) })
	if err != nil {
		return nil, err
	}
	return l, nil
}

// retryReplaced calls once until its error is not errReplaced, a bounded number of times:
// each retry means that the file was replaced during the call.
func retryReplaced(once func() (*lock, error)) (l *lock, err error) {
	const tries = 10
	for range tries {
		if l, err = once(); !errors.Is(err, errReplaced) {
			break
		}
	}
	return l, err
}

// lockOnce locks the file name, calling try once the checks pass.
func lockOnce(name string, try func(*flock.Flock) (bool, error)) (*lock, error) {
	before, err := lockFile(name)
	if err != nil {
		return nil, err
	}
	if !before.Identity.Known() {
		return nil, lockError(name, errors.ErrUnsupported)
	}
	if held.ids[before.Identity] {
		return nil, lockError(name, fsabstraction.ErrLocked)
	}
	// No O_CREATE, which would follow a broken link.
	f := flock.New(name, flock.SetFlag(os.O_RDWR|noFollow))
	locked, err := try(f)
	for errors.Is(err, errInterrupted) {
		locked, err = try(f)
	}
	if err != nil {
		return nil, lockFailed(name, before, err)
	}
	if !locked {
		return nil, lockError(name, fsabstraction.ErrLocked)
	}
	if err := checkLocked(name, f, before); err != nil {
		return nil, errors.Join(err, f.Unlock())
	}
	held.ids[before.Identity] = true
	return &lock{name: name, id: before.Identity, flock: f}, nil
}

// lockFile describes the regular file name, creating it if needed.
func lockFile(name string) (fsabstraction.Info, error) {
	i, err := FS{}.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		var w fsabstraction.WriteFile
		w, err = FS{}.Create(name)
		if err == nil {
			err = w.Close()
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return fsabstraction.Info{}, err
		}
		i, err = FS{}.Lstat(name)
	}
	if err != nil {
		return fsabstraction.Info{}, orReplaced(name, err)
	}
	if i.Type != fsabstraction.Regular {
		return fsabstraction.Info{}, &fsabstraction.NotRegularError{Op: "lock", Path: name, Type: i.Type}
	}
	return i, nil
}

// checkLocked returns nil if name still means the file before and f has locked that file.
func checkLocked(name string, f *flock.Flock, before fsabstraction.Info) error {
	if err := requireRegular("lock", name); err != nil {
		return orReplaced(name, err)
	}
	// Flock does not lend its handle, and on Windows a FileInfo has no Identity;
	// os.SameFile compares the locked file with the name.
	locked, err := f.Stat()
	if err != nil {
		return err
	}
	named, err := os.Lstat(name)
	if err != nil {
		return orReplaced(name, err)
	}
	after, err := FS{}.Lstat(name)
	if err != nil {
		return orReplaced(name, err)
	}
	if !os.SameFile(locked, named) || !fsabstraction.SameFile(before.Identity, after.Identity) {
		return lockError(name, errReplaced)
	}
	return nil
}

// lockFailed returns the error of a failed open or lock of name, which meant the file
// before. If another file has taken its place, that is the better error.
func lockFailed(name string, before fsabstraction.Info, err error) error {
	now, found := FS{}.Lstat(name)
	switch {
	case errors.Is(found, fs.ErrNotExist):
		return lockError(name, errReplaced)
	case found != nil:
		return found
	case now.Type != fsabstraction.Regular:
		return &fsabstraction.NotRegularError{Op: "lock", Path: name, Type: now.Type}
	case !fsabstraction.SameFile(now.Identity, before.Identity):
		return lockError(name, errReplaced)
	}
	var withPath *fs.PathError
	if errors.As(err, &withPath) {
		return err // the open failed
	}
	if slices.ContainsFunc(noLocks, func(e syscall.Errno) bool { return errors.Is(err, e) }) && !errors.Is(err, errors.ErrUnsupported) {
		err = fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
	}
	return lockError(name, err)
}

// orReplaced turns a not-exist error into errReplaced: name existed a moment ago.
func orReplaced(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return lockError(name, errReplaced)
	}
	return err
}

func lockError(name string, err error) error {
	return &fs.PathError{Op: "lock", Path: name, Err: err}
}

// Unlock implements fsabstraction.Lock. If the system returns an error the lock is still
// held. Of several concurrent calls one frees the lock.
func (l *lock) Unlock() error {
	held.mu.Lock()
	defer held.mu.Unlock()
	if l.flock == nil {
		return &fs.PathError{Op: "unlock", Path: l.name, Err: fs.ErrClosed}
	}
	if err := l.flock.Unlock(); err != nil {
		return &fs.PathError{Op: "unlock", Path: l.name, Err: err}
	}
	delete(held.ids, l.id)
	l.flock = nil
	return nil
}
