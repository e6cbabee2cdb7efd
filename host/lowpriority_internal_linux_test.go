package host

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestLowPriority: the thread of a goroutine of a compaction has a low priority once appends were
// met, and ends with the goroutine.
func TestLowPriority(t *testing.T) {
	nice := func() int {
		n, err := unix.Getpriority(unix.PRIO_PROCESS, unix.Gettid())
		require.NoError(t, err)
		return 20 - n // as the system call returns it
	}
	ours := nice()
	if ours >= lowNice {
		t.Skip("the process has a low priority")
	}
	var appends appendsFirst
	p := appends.pauses()
	thread := 0
	inGoroutine := func(f func()) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			f()
		}()
		<-done
	}
	inGoroutine(func() {
		a := aside{pauses: p}
		a.pause()
		require.Equal(t, ours, nice(), "no append was met")
	})
	appends.serving(true)
	inGoroutine(func() {
		a := aside{pauses: p}
		a.pause()
		require.Equal(t, lowNice, nice())
		thread = unix.Gettid()
	})
	require.Eventually(t, func() bool {
		_, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", thread))
		return os.IsNotExist(err) || thread == os.Getpid() // Go keeps the first thread, and never uses it again
	}, 20*time.Second, time.Millisecond)
	require.Equal(t, ours, nice())
	none := aside{}
	none.pause()
	require.Equal(t, ours, nice())
}
