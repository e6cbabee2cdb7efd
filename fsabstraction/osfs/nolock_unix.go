//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package osfs

import "syscall"

// noLocks lists the errors with which systems refuse to lock an open file on a file system
// without locks: NFS without a lock manager, FUSE, Lustre and others. ENOSYS, ENOTSUP and
// EOPNOTSUPP already are errors.ErrUnsupported.
var noLocks = []syscall.Errno{syscall.ENOLCK, syscall.EINVAL}

// errInterrupted means that a signal interrupted the call, which must be repeated.
const errInterrupted = syscall.EINTR
