package fsabstraction

// DirSyncer is an ability of an FS: its directory entries can be made durable.
type DirSyncer interface {
	// SyncDir returns once the names in dir, as they are now, have reached
	// stable storage. An error that is errors.ErrUnsupported means that
	// the platform has no such call and that names become durable at a time
	// of its own choosing. An error of class ErrNotTried means that no sync was
	// tried.
	SyncDir(dir string) error
}

// PathFile is an ability of a File: it is a file of the operating system, opened
// at a path, so it can be mapped into memory. A File that only
// resembles one (in memory, or behind a wrapper that changes reads) must not have it.
type PathFile interface {
	File

	// Path returns the path the file was opened at, as it was
	// given. By now the path can mean another file or none; compare
	// identities before and after using it.
	Path() string
}
