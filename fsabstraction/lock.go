package fsabstraction

import "errors"

// ErrLocked is what Locker.Lock returns when somebody else holds the lock.
var ErrLocked = errors.New("fsabstraction: the file is locked")

// Locker is an ability of an FS: files can be locked.
type Locker interface {
	// Lock takes the exclusive lock of the regular file name, which it makes
	// when it is not there, and never waits: when anyone else holds the lock, in
	// this process or another, the error is ErrLocked. The lock is advisory, and
	// a holder that dies frees it. A directory, link or device is refused with a
	// *NotRegularError; where the platform or the file system has no locks (NFS
	// without a lock manager, say) the error is errors.ErrUnsupported, and the
	// system's own if there is one. The file may then have been made.
	Lock(name string) (Lock, error)
}

// Lock is a lock that is held.
type Lock interface {
	// Unlock frees the lock and leaves the file: whoever waits to lock it by
	// name must not be given another file of that name. A second Unlock is
	// fs.ErrClosed.
	Unlock() error
}
