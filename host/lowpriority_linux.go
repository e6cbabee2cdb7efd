package host

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// lowNice is the nice value of a thread that works beside appends. By the kernel's weights
// (sched_prio_to_weight: 110 to 1,024) it has about a tenth of a processor for which a thread of
// normal priority waits. With 5 and with 19 appends took about as long.
const lowNice = 10

// lowerPriority ties the goroutine to its thread and gives that a low priority, which nothing can
// take back without a privilege. So the goroutine must not be untied: its thread then ends with it.
// A process with a lower priority keeps that.
func lowerPriority() {
	runtime.LockOSThread()
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), lowNice)
}
