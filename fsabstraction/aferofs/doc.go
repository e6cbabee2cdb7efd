// Package aferofs makes an afero.Fs usable as an fsabstraction.FS, above all
// afero's in-memory MemMapFs for tests and examples.
//
// The file systems of afero differ from an operating system's in ways that would give wrong
// answers. The adapter corrects MemMapFs v1.15:
//
//	ReadAt moves a shared cursor            one lock per handle
//	ReadAt is short with a nil error        repeated until full, or io.EOF
//	ReadAt past the end: ErrUnexpectedEOF   io.EOF
//	a closed handle has its own error       fs.ErrClosed
//	files appear without parent directory   Create and Rename need the directory to exist
//	Remove deletes a directory's entry      refused while the directory has entries
//	 but not its children
//	MkdirAll goes through a file            refused
//	Rename loses its lock on some errors    checked before, under the adapter's own lock
//	Rename takes directories and links      refused
//	no locks                                Lock, among users of the adapter
//
// These corrections hold among users of one adapter: make one FS per afero.Fs and share it.
// Two adapters, or direct calls to the afero.Fs, race with each other where MemMapFs does.
//
// Not corrected: Sync of a MemMapFs makes nothing durable, since nothing there is, so this
// package cannot test crashes; contents and their growth are limited by memory, and a write
// far past the end allocates the whole gap. Files are never fsabstraction.PathFile, even on
// afero.OsFs.
package aferofs
