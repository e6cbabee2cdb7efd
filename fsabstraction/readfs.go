package fsabstraction

// ReadFS is a file system as a reader sees it. A value of this type cannot
// create, change or remove anything, so a function that takes one proves that
// it does not write.
//
// All methods may be called from several goroutines at once.
type ReadFS interface {
	// ReadDir returns every entry of dir, sorted by name in byte order. It
	// returns all of them or an error, never a part. Entries that come or
	// go during the call may or may not be in the result.
	ReadDir(dir string) ([]Entry, error)

	// Open opens an existing regular file for reading. Anything else is
	// refused with a *NotRegularError, without waiting for it.
	Open(name string) (File, error)

	// Lstat describes name without following it.
	Lstat(name string) (Info, error)
}

// File is an open file that can only be read. It stays the same file when its
// name is renamed, replaced or removed.
//
// All methods may be called from several goroutines at once, Close included: a
// call that loses the race against Close fails with fs.ErrClosed, and a read
// that returned no error returned the file's bytes.
type File interface {
	// ReadAt fills p from offset off, in bytes from the start of the file,
	// and returns len(p), or returns fewer bytes and the reason. At
	// the end of the file the reason is io.EOF, unwrapped; an offset beyond
	// it reads 0 bytes. A read that ends exactly at the end of the file
	// returns len(p) and nil. An empty p reads nothing and is
	// no error at any offset that is not negative.
	//
	// Nothing is promised about the part of p behind the count.
	ReadAt(p []byte, off int64) (n int, err error)

	// Size returns the present length in bytes, which another handle may
	// change at any time.
	Size() (int64, error)

	// Stat describes the file this handle is open on; its Identity compared
	// with that of Lstat tells whether the name still means this file.
	Stat() (Info, error)

	// Close releases the handle. A second Close returns an error that is
	// fs.ErrClosed and does nothing else.
	Close() error
}
