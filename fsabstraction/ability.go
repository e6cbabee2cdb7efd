package fsabstraction

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
