// Package aferofs makes an afero.Fs usable as an fsabstraction.FS, above all
// afero's in-memory MemMapFs for tests and examples.
//
// afero's file systems differ from an operating system's in ways that would
// turn into wrong answers. The adapter corrects what MemMapFs v1.15 does:
//
//	ReadAt moves a shared cursor            one lock per handle
//	ReadAt is short with a nil error        repeated until full, or io.EOF
//	ReadAt past the end: ErrUnexpectedEOF   io.EOF
//	a closed handle has its own error       fs.ErrClosed
//	files appear without parent directory   Create and Rename need the directory to exist
//	Remove deletes a directory's entry      refused while the directory has entries
//	 and leaves the children behind
//	MkdirAll goes through a file            refused
//	Rename loses its lock on some errors    checked before, under the adapter's own lock
//	Rename takes directories and links      refused
//	no locks                                Lock, among users of the adapter
//
// These corrections hold among users of one adapter: make one FS per afero.Fs
// and let everyone use it. Two adapters, or calls to the afero.Fs behind the
// adapter's back, race with each other where MemMapFs does.
//
// Not corrected: Sync of a MemMapFs makes nothing durable, because nothing
// there is, so this package says nothing about crashes; contents and their
// growth are limited by memory, and a write far behind the end asks for
// all of it. Files are never fsabstraction.PathFile, even on afero.OsFs.
package aferofs
