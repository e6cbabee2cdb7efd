// Package fsabstraction states what thaw asks of a file system, and nothing
// more, so that the same store runs on a disk, in memory and on a file system
// that a test makes fail.
//
// The interfaces are split by who needs them:
//
//	ReadFS, File      all that a reader gets; neither type has a method that writes
//	FS, WriteFile     the reader's half plus what the one writer needs
//	DirSyncer         optional: a file system whose directory entries can be made durable
//	Locker            optional: a file system whose files can be locked
//	PathFile          optional: a handle on an operating system file, which can be mapped
//
// Optional abilities are found by a type assertion; a missing one is normal.
// This package depends on no operating system; around it are:
//
//	osfs              the disk
//	aferofs           the adapter for afero
//	crashfs           for tests: in memory, with power cuts
//	failfs            for tests: a wrapper whose operations fail on demand
//	conformance       the tests that every implementation has to pass
//
// # Names
//
// Names are file paths in the syntax of path/filepath and are handed to the
// implementation unchanged. The directories on the way to a name may be
// symbolic links; the name itself may not when a file is opened or renamed, and
// is not followed when it is listed, examined or removed. So an entry of a
// store's directory is a real file in that directory or it is refused.
//
// # Errors
//
// Every implementation keeps these promises, and conformance tests them:
//
//	the name does not exist          errors.Is(err, fs.ErrNotExist)
//	Create found an existing name    errors.Is(err, fs.ErrExist)
//	a handle was closed before       errors.Is(err, fs.ErrClosed)
//	another holds the lock           errors.Is(err, ErrLocked)
//	a negative offset or size        errors.Is(err, fs.ErrInvalid)
//	a directory, link or device      errors.Is(err, ErrNotRegular), a *NotRegularError
//	where a regular file is needed
//
// # Disk assumptions
//
// Rename replaces its target atomically, and handles opened on the replaced
// file go on reading the old contents. What was written is durable after Sync
// of its handle; that a name exists, is gone or was renamed is durable after
// SyncDir of its directory. Nothing is assumed about writes that were not synced.
package fsabstraction
