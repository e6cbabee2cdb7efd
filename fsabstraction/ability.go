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

// Starter is an optional interface of a WriteFile whose bytes can be on their way to stable
// storage while more are written. A Sync then has little left to do, and one of another file
// little to wait for.
type Starter interface {
	WriteFile

	// StartSync waits for what earlier calls began, and begins with all bytes before end that
	// are not in stable storage. It makes nothing durable: Sync does. An error of class
	// errors.ErrUnsupported says that nothing was tried, any other one what an error of Sync
	// says.
	StartSync(end int64) error
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

// Linker is an optional interface of an FS that can give a file a second name.
type Linker interface {
	// Link gives the regular file oldName the further name newName, which must not exist.
	// Both names then lead to one file, whose bytes are on disk once; removing one of them
	// leaves the other. The error is of class errors.ErrUnsupported when these two names
	// cannot share a file: they are on different file systems, the file system has no links
	// or this file has no more of them, or the process may not link it. A copy then works.
	Link(oldName, newName string) error
}

// Cloner is an optional interface of an FS that can copy a file without copying its bytes:
// both files share them on disk until one of the two is written.
type Cloner interface {
	// Clone gives dst, which must be empty, the content that src has at one moment during
	// the call. Both are handles of this FS. As after a write, dst must be synced. The error
	// is of class errors.ErrUnsupported when this file system, or these two files, cannot
	// share bytes; dst is then as it was.
	Clone(dst WriteFile, src File) error
}

// DirRenamer is an optional interface of an FS that can rename directories.
type DirRenamer interface {
	// RenameDir atomically gives the directory oldName the name newName, which must not
	// exist, in the same file system. A file that is created under newName meanwhile is an
	// error; an empty directory may be replaced.
	RenameDir(oldName, newName string) error
}

// LinkResolver is an optional interface of an FS that follows symbolic links.
type LinkResolver interface {
	// ResolveLinks returns the path without symbolic links of something that exists.
	ResolveLinks(name string) (string, error)
}
