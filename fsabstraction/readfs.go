package fsabstraction

// ReadFS is a file system as a reader sees it. It cannot create, change or remove anything,
// so a function that takes one does not write.
//
// All methods may be called from several goroutines at once.
type ReadFS interface {
	// ReadDir returns every entry of dir, sorted by name in byte order, or an error and no
	// entries. Entries created or removed during the call may be missing or present.
	ReadDir(dir string) ([]Entry, error)

	// Open opens an existing regular file for reading. It refuses anything else with a
	// *NotRegularError, without waiting for it.
	Open(name string) (File, error)

	// Lstat describes name without following it.
	Lstat(name string) (Info, error)
}

// File is an open file that can only be read. It stays the same file when its name is
// renamed, replaced or removed.
//
// All methods may be called from several goroutines at once, Close included: a call that
// loses the race against Close fails with fs.ErrClosed, and a read without an error
// returned the file's bytes.
type File interface {
	// ReadAt fills p from offset off, in bytes from the start of the file, and returns
	// len(p), or fewer bytes and the reason. At the end of the file the reason is io.EOF,
	// unwrapped; a read past the end returns 0 bytes. A read that ends exactly at the end
	// of the file returns len(p) and nil. A read into an empty p returns 0 and nil at any
	// offset that is not negative.
	//
	// The bytes of p after the first n are unspecified.
	ReadAt(p []byte, off int64) (n int, err error)

	// Size returns the current length in bytes, which another handle may change at any
	// time.
	Size() (int64, error)

	// Stat describes the open file. Comparing its Identity with that of Lstat shows whether
	// the name still means this file.
	Stat() (Info, error)

	// Close releases the handle. A second Close does nothing and returns an error that is
	// fs.ErrClosed.
	Close() error
}
