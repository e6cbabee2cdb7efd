// Package fsabstraction defines the file system that thaw needs, and nothing
// more, so that the same store runs on a disk, in memory and on a file system
// that fails for a test.
//
// The interfaces are split by who needs them:
//
//	ReadFS, File      everything a reader gets; neither type has a method that writes
//	FS, WriteFile     the reader's half plus the writer's methods
//	DirSyncer         optional: a file system that can make directory entries durable
//	Locker            optional: a file system that can lock files
//	DirTimer          optional: a file system whose directories have times
//	Linker            optional: a file system that can give a file a second name
//	Cloner            optional: a file system whose files can share bytes
//	DirRenamer        optional: a file system that can rename directories
//	Starter           optional: a file whose bytes go to stable storage while more are written
//	PathFile          optional: a handle on an operating system file, which can be mapped
//
// Optional abilities are found by type assertion; a missing one is normal.
// This package imports no operating system. The packages below it are:
//
//	osfs              the disk
//	aferofs           the adapter for afero
//	memfs             in memory, without afero: small enough for a web page
//	crashfs           for tests: in memory, with power cuts
//	failfs            for tests: a wrapper whose operations fail on demand
//	glance            whether a directory has the names of its last listing
//	conformance       the tests that every implementation must pass
//
// # Names
//
// Names are file paths in the syntax of package path/filepath, passed to the
// implementation unchanged. The directories in a path may be symbolic links.
// Its last element may not when a file is opened or renamed, and is not followed
// when it is listed, described or removed. So an entry of a store's directory is
// either a real file in that directory or refused.
//
// # Errors
//
// Every implementation keeps these promises, and conformance tests them:
//
//	the name does not exist          errors.Is(err, fs.ErrNotExist)
//	Create found an existing name    errors.Is(err, fs.ErrExist)
//	a handle is closed               errors.Is(err, fs.ErrClosed)
//	another holder has the lock      errors.Is(err, ErrLocked)
//	a negative offset or size        errors.Is(err, fs.ErrInvalid)
//	a directory, link or device      errors.Is(err, ErrNotRegular), a *NotRegularError
//	where a regular file is needed
//
// # Disk assumptions
//
// Rename replaces its target atomically, and open handles of the replaced file
// continue to read the old contents. Written bytes are durable after Sync of
// their handle; a created, removed or renamed name is durable after SyncDir of
// its directory. Nothing is assumed about writes that were not synced.
package fsabstraction
