package fsabstraction

import "errors"

// ErrLocked is returned by Locker.Lock when another holder has the lock.
var ErrLocked = errors.New("fsabstraction: the file is locked")

// Locker is an optional interface of an FS that can lock files.
type Locker interface {
	// Lock takes the exclusive lock of the regular file name, creating the file if needed.
	// It never waits: when another holder, in this process or another, has the lock, the
	// error is ErrLocked. The lock is advisory, and ends when its holder dies. A directory,
	// link or device is refused with a *NotRegularError. Where the platform or the file
	// system has no locks (NFS without a lock manager, say) the error is
	// errors.ErrUnsupported, and the system's if there is one. The file may have been
	// created even if Lock fails.
	Lock(name string) (Lock, error)
}

// Lock is a held lock.
type Lock interface {
	// Unlock frees the lock and keeps the file: removing it would give the next caller of
	// Lock another file of that name. A second Unlock returns fs.ErrClosed.
	Unlock() error
}
