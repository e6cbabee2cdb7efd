package host

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// lowNice is the nice value of a thread that works beside appends: it has a tenth of a processor
// for which another thread waits. Measured were 5 and 19, which are alike.
const lowNice = 10

// lowerPriority ties the goroutine to its thread and gives that a low priority, which nothing can
// take back without a privilege. So the goroutine must not be untied: its thread then ends with it.
// A process with a lower priority keeps that.
func lowerPriority() {
	runtime.LockOSThread()
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), lowNice)
}
