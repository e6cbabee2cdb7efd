//go:build unix

package mapping

import (
	"bytes"
	"os"
	"runtime/debug"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// These tests fail by killing the test process if the guard is missing.

func TestCutFile(t *testing.T) {
	page := os.Getpagesize()
	data := pattern(8 * page)
	for _, test := range []struct {
		name   string
		cut    int
		off    int
		length int
		fault  bool
	}{
		{"before the new end", 4 * page, page, page, false},
		{"up to the new end", 4 * page, 0, 4 * page, false},
		{"first byte past the end", 4 * page, 4 * page, 1, true},
		{"last byte", 4 * page, 8*page - 1, 1, true},
		{"over the new end", 4 * page, 4*page - 10, 20, true},
		{"everything", 4 * page, 0, 8 * page, true},
		{"over the old end", 4 * page, 8*page - 10, 100, true},
		{"of an empty file", 0, 0, 1, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := writeFile(t, data)
			s := openSource(t, path)
			require.NoError(t, os.Truncate(path, int64(test.cut)))
			p := make([]byte, test.length)
			n, err := s.ReadAt(p, int64(test.off))
			require.False(t, debug.SetPanicOnFault(false), "the setting was not put back")
			if !test.fault {
				require.NoError(t, err)
				require.Equal(t, data[test.off:test.off+test.length], p[:n])
				return
			}
			var fault *FaultError
			require.ErrorAs(t, err, &fault)
			require.Zero(t, n)
			require.Equal(t, path, fault.Path)
			require.Equal(t, int64(test.off), fault.Offset)
			require.Equal(t, min(test.length, len(data)-test.off), fault.Length)
			require.Error(t, fault.Err)
			require.Contains(t, err.Error(), path)
		})
	}
}

// The rest of a page with the new end of a truncated file reads as zeros, as the package
// comment warns; a file that grows back is readable again.
func TestCutInsideAPage(t *testing.T) {
	page := os.Getpagesize()
	path := writeFile(t, pattern(2*page))
	s := openSource(t, path)
	require.NoError(t, os.Truncate(path, int64(page+100)))
	p := make([]byte, 50)
	_, err := s.ReadAt(p, int64(page+200))
	if err == nil {
		require.Equal(t, make([]byte, 50), p)
	} else {
		var fault *FaultError // where the file is read instead of mapped
		require.ErrorAs(t, err, &fault)
	}
	require.NoError(t, os.Truncate(path, 0))
	_, err = s.ReadAt(p, 0)
	require.Error(t, err)
	require.NoError(t, os.WriteFile(path, pattern(2*page), 0o600))
	_, err = s.ReadAt(p, 0)
	require.NoError(t, err)
	require.Equal(t, pattern(50), p)
}

func TestCutUnderManyGoroutines(t *testing.T) {
	const goroutines, pages = 16, 16
	page := os.Getpagesize()
	data := pattern(pages * page)
	path := writeFile(t, data)
	s := openSource(t, path)
	var started, wg sync.WaitGroup
	started.Add(goroutines)
	for g := range goroutines {
		wg.Go(func() {
			p := make([]byte, page)
			for i, faults := 0, 0; faults < 100; i++ { // ends because the file is truncated
				off := (g + i) % pages * page
				n, err := s.ReadAt(p, int64(off))
				if i == 0 {
					started.Done()
				}
				if err != nil {
					faults++
					var fault *FaultError
					if !assert.ErrorAs(t, err, &fault) || !assert.Equal(t, int64(off), fault.Offset) ||
						!assert.GreaterOrEqual(t, off, 2*page, "a page that is still there") {
						return
					}
				} else if !assert.True(t, bytes.Equal(data[off:off+page], p[:n])) {
					return
				}
			}
		})
	}
	started.Wait()
	require.NoError(t, os.Truncate(path, int64(2*page)))
	wg.Wait()

	// Another store in the same process is not affected.
	other := openSource(t, writeFile(t, data))
	p := make([]byte, len(data))
	_, err := other.ReadAt(p, 0)
	require.NoError(t, err)
	require.Equal(t, data, p)
}

// A fault in the caller's buffer is not converted.
func TestFaultInTheBufferIsNotConverted(t *testing.T) {
	page := os.Getpagesize()
	path := writeFile(t, make([]byte, page))
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	defer f.Close()
	buffer, err := syscall.Mmap(int(f.Fd()), 0, page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		t.Skipf("no mapping to write to: %v", err)
	}
	defer syscall.Munmap(buffer)
	s := openSource(t, writeFile(t, pattern(page)))
	_, err = s.ReadAt(buffer, 0)
	require.NoError(t, err)
	require.NoError(t, f.Truncate(0))
	require.Panics(t, func() { s.ReadAt(buffer, 0) })
	require.NoError(t, s.Close(), "the lock is still held")
}
