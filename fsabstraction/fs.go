package fsabstraction

// FS is a file system as the writer sees it. None of its methods makes
// anything durable; see WriteFile.Sync and DirSyncer.
//
// All methods may be called from several goroutines at once.
type FS interface {
	ReadFS

	// Create creates an empty regular file and opens it. The parent directory must exist
	// and the name must not, not even as a broken link.
	Create(name string) (WriteFile, error)

	// OpenWrite opens an existing regular file for reading and writing and keeps its
	// contents. It refuses anything else as ReadFS.Open does.
	OpenWrite(name string) (WriteFile, error)

	// Rename atomically gives the regular file oldName the name newName: at every moment
	// newName means the file that was there before, if any, or the renamed one. Open
	// handles of a replaced file stay on it. The directory of newName must exist. A
	// directory, link or device on either side is refused with a *NotRegularError.
	Rename(oldName, newName string) error

	// Remove deletes a file, a link or an empty directory. A directory with entries is an
	// error. Open handles continue to work.
	Remove(name string) error

	// MkdirAll creates dir and its missing parents. An existing directory is no error;
	// anything else in its place is.
	MkdirAll(dir string) error
}

// WriteFile is an open file that can be read and written. It may be used from several
// goroutines at once, but nothing is promised about a read that overlaps a write of the
// same bytes, nor about two overlapping writes.
type WriteFile interface {
	File

	// WriteAt writes all of p at offset off, or returns the number of bytes written and the
	// reason. A write past the end extends the file; the gap reads as zeros.
	WriteAt(p []byte, off int64) (n int, err error)

	// Truncate sets the length to size bytes. A lengthened file reads as zeros in the new
	// part.
	Truncate(size int64) error

	// Sync returns once contents and length have reached stable storage. After a failed
	// Sync the state of everything written since the last good one is unknown, and a later
	// success says nothing about it.
	Sync() error
}
