//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package osfs

import "syscall"

// noLocks are what systems answer to locking a file that is open where the file
// system has no locks: NFS without a lock manager, FUSE, Lustre and others. ENOSYS,
// ENOTSUP and EOPNOTSUPP are errors.ErrUnsupported to begin with.
var noLocks = []syscall.Errno{syscall.ENOLCK, syscall.EINVAL}

// errInterrupted says that a signal came; the call is to be made again.
const errInterrupted = syscall.EINTR
