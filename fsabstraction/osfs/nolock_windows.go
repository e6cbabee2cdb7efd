package osfs

import "syscall"

// noLocks are ERROR_INVALID_FUNCTION and ERROR_NOT_SUPPORTED, which a file system
// without locks answers.
var noLocks = []syscall.Errno{1, 50}

// errInterrupted does not come from Windows.
const errInterrupted = syscall.EINTR
