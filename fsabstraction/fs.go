package fsabstraction

// FS is a file system as the writer sees it. None of its methods makes
// anything durable; see WriteFile.Sync and DirSyncer.
//
// All methods may be called from several goroutines at once.
type FS interface {
	ReadFS

	// Create makes a new empty regular file and opens it. The parent directory
	// must exist and the name must not, not even as a broken link.
	Create(name string) (WriteFile, error)

	// OpenWrite opens an existing regular file for reading and writing
	// and leaves its contents as they are. Anything else is refused as
	// in ReadFS.Open.
	OpenWrite(name string) (WriteFile, error)

	// Rename gives the regular file oldName the name newName in one step: at
	// every moment newName means the file that was there before, if any,
	// or the renamed one. Whoever has the replaced file open keeps
	// it. The directory of newName must exist. A directory, link or device on
	// either side is refused with a *NotRegularError.
	Rename(oldName, newName string) error

	// Remove deletes a file, a link or an empty directory. A directory with
	// entries is an error. Open handles keep working.
	Remove(name string) error

	// MkdirAll makes dir and the parents it lacks. A directory that
	// exists is no error; something else in its place is.
	MkdirAll(dir string) error
}

// WriteFile is an open file that can be read and written. It may be used from
// several goroutines at once, but nothing is promised about a read
// that overlaps a write of the same bytes, nor about two overlapping writes.
type WriteFile interface {
	File

	// WriteAt writes all of p at offset off, or returns how many bytes were
	// written and why not more. Writing behind the end extends the file;
	// the gap reads as zeros.
	WriteAt(p []byte, off int64) (n int, err error)

	// Truncate sets the length to size bytes. A longer file reads as zeros
	// in the new part.
	Truncate(size int64) error

	// Sync returns once contents and length have reached stable storage. After
	// a failed Sync what was written since the last good one is unknown,
	// and a later success says nothing about it.
	Sync() error
}
