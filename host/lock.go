package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/thawlog/thaw/fsabstraction"
)

// LockName is the file in a store's directory that its writer locks. It is never
// removed: otherwise two writers could lock two files of one name.
const LockName = "thaw.lock"

// maxHolder bounds the bytes read from a lock file.
const maxHolder = 1 << 10

// The first and the longest pause between two attempts to get a lock. No system call
// waits for a lock and ends with a context.
const (
	firstLockPause = time.Millisecond
	lastLockPause  = 250 * time.Millisecond
)

// lock takes the writer's lock of the store at dir. It waits for another holder as long
// as o.LockWait and ctx allow.
func lock(ctx context.Context, fsys fsabstraction.FS, dir string, o *Options) (fsabstraction.Lock, error) {
	l, err := tryLock(fsys, dir, o)
	if o.LockWait == 0 || !errors.Is(err, ErrLocked) {
		return l, err
	}
	wait, cancel := ctx, context.CancelFunc(func() {})
	if o.LockWait > 0 {
		wait, cancel = context.WithTimeout(ctx, o.LockWait)
	}
	defer cancel()
	pause := time.NewTimer(firstLockPause)
	defer pause.Stop()
	for next := firstLockPause; errors.Is(err, ErrLocked); {
		select {
		case <-wait.Done():
			if ctx.Err() != nil {
				return nil, fmt.Errorf("%w: %w", err, ctx.Err())
			}
			return tryLock(fsys, dir, o) // the holder may have ended in the last pause
		case <-pause.C:
		}
		l, err = tryLock(fsys, dir, o)
		next = min(2*next, lastLockPause)
		pause.Reset(next)
	}
	return l, err
}

// tryLock is lock without waiting.
func tryLock(fsys fsabstraction.FS, dir string, o *Options) (fsabstraction.Lock, error) {
	path := filepath.Join(dir, LockName)
	locker, ok := fsys.(fsabstraction.Locker)
	if !ok {
		return nil, noLock(o, errors.ErrUnsupported)
	}
	l, err := locker.Lock(path)
	switch {
	case errors.Is(err, fsabstraction.ErrLocked):
		return nil, &LockedError{Path: dir, Holder: readHolder(fsys, path)}
	case errors.Is(err, errors.ErrUnsupported):
		return nil, noLock(o, err)
	case err != nil:
		return nil, failedAt("open", dir, fmt.Errorf("lock: %w", err))
	}
	err = writeHolder(fsys, path, o.Now())
	switch {
	case errors.Is(err, fs.ErrPermission): // nothing else could be written either
		return nil, errors.Join(failedAt("open", dir, fmt.Errorf("lock: %w", err)), l.Unlock())
	case err != nil: // as on a full disk
		o.Logger.Warn("thaw: the lock file was not filled in",
			slog.String("file", path), slog.Any("error", err))
	}
	return l, nil
}

func noLock(o *Options, cause error) error {
	if o.Unlocked {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrNoLock, cause)
}

// offHolder is the offset of the holder in the lock file: on Windows the lock denies
// the first byte to every process, the holder included.
const offHolder = 1

// writeHolder writes the holder to the lock file, without a sync: it is for people only.
func writeHolder(fs fsabstraction.FS, path string, now time.Time) error {
	name, err := os.Hostname()
	if err != nil {
		name = "an unnamed host"
	}
	b, err := Holder{PID: os.Getpid(), Host: name, Since: now.UTC().Truncate(time.Second)}.text()
	if err != nil {
		return err
	}
	f, err := fs.OpenWrite(path)
	if err != nil {
		return err
	}
	if _, err = f.WriteAt(b, offHolder); err == nil {
		err = f.Truncate(int64(offHolder + len(b)))
	}
	return errors.Join(err, f.Close())
}

// readHolder returns the zero Holder if the file is empty or cannot be read, for example
// because the lock denies it.
func readHolder(fs fsabstraction.ReadFS, path string) (h Holder) {
	f, err := fs.Open(path)
	if err != nil {
		return h
	}
	defer f.Close()
	b := make([]byte, maxHolder)
	n, err := f.ReadAt(b, offHolder)
	if err == nil || errors.Is(err, io.EOF) {
		h, _ = parseHolder(b[:n])
	}
	return h
}
