package osfs

import "syscall"

// noLocks lists the errors of a file system without locks: ERROR_INVALID_FUNCTION and
// ERROR_NOT_SUPPORTED.
var noLocks = []syscall.Errno{1, 50}

// errInterrupted is never returned on Windows.
const errInterrupted = syscall.EINTR
