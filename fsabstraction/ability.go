package fsabstraction

import (
	"context"
	"time"
)

// DirSyncer is an optional interface of an FS that can make directory entries durable.
type DirSyncer interface {
	// SyncDir returns once the current entries of dir have reached stable storage. It
	// returns errors.ErrUnsupported where the platform has no such call and makes names
	// durable at a time of its own choosing, and an error of class ErrNotTried when it
	// failed before the sync itself.
	SyncDir(dir string) error
}

// PathFile is an optional interface of a File that the operating system opened at a path,
// so it can be mapped into memory. A File that only resembles one (in memory, or in a
// wrapper that changes reads) must not implement it.
type PathFile interface {
	File

	// Path returns the path given to Open. The path may now name another file or none;
	// compare identities before and after using it.
	Path() string
}

// DirTimer is an optional interface of a ReadFS whose directories have times.
type DirTimer interface {
	// DirTimes reports whether the ModTime of a directory changes with every file that is
	// created, removed, renamed or replaced in it, at the resolution of the file system's
	// clock.
	DirTimes() bool
}

// Notifier is an optional interface of a ReadFS that learns of changes in a directory
// without looking.
type Notifier interface {
	// Notify begins to watch a directory. It returns errors.ErrUnsupported where some changes
	// would go unnoticed, such as those of other machines on a network file system, and
	// another error when it cannot watch now.
	Notify(dir string) (Notices, error)
}

// Notices are the changes in a directory since [Notifier].Notify. They are for one
// goroutine.
type Notices interface {
	// Wait returns nil as soon as a file in the directory was created, removed, renamed,
	// written or truncated since the last Wait, or when a time has passed; it may also return
	// for no reason. It returns the cause of ctx when that ends, and another error when it can
	// notice no more, for example because the directory was removed.
	Wait(ctx context.Context, most time.Duration) error

	// Close ends the watch.
	Close() error
}
