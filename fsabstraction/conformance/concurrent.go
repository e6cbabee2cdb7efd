package conformance

import (
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// race starts n goroutines that call f with their numbers at the same moment, and returns
// how many succeed; the others must return want.
func race(t *testing.T, n int, want error, f func(int) error) int {
	var won atomic.Int32
	var wg sync.WaitGroup
	start := make(chan struct{})
	for g := range n {
		wg.Go(func() {
			<-start
			err := f(g)
			if err == nil {
				won.Add(1)
			} else {
				assert.ErrorIs(t, err, want)
			}
		})
	}
	close(start)
	wg.Wait()
	return int(won.Load())
}

func createConcurrently(t *testing.T, e env) {
	for i := range 30 {
		path := e.path(fmt.Sprintf("f%d", i))
		require.Equal(t, 1, race(t, 8, fs.ErrExist, func(int) error {
			w, err := e.fs.Create(path)
			if err != nil {
				return err
			}
			return w.Close()
		}))
	}
}

func renameOneConcurrently(t *testing.T, e env) {
	for i := range 30 {
		from := e.write(t, "from", []byte("contents"))
		require.Equal(t, 1, race(t, 8, fs.ErrNotExist, func(g int) error {
			return e.fs.Rename(from, e.path(fmt.Sprintf("to%d.%d", i, g)))
		}))
	}
	entries, err := e.fs.ReadDir(e.dir)
	require.NoError(t, err)
	require.Len(t, entries, 30)
}

// renameConcurrently replaces a file while readers open it by name: each must find one of
// its generations, whole.
func renameConcurrently(t *testing.T, e env) {
	e.need(t, ReplaceOpen)
	path := e.write(t, "f", []byte(strings.Repeat("0", 300)))
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					runtime.Gosched() // nothing else yields in a browser
				}
				f, err := e.fs.Open(path)
				if !assert.NoError(t, err) {
					return
				}
				p := make([]byte, 300)
				_, err = f.ReadAt(p, 0)
				if !assert.NoError(t, err) || !assert.NoError(t, f.Close()) ||
					!assert.Equal(t, strings.Repeat(string(p[:1]), 300), string(p)) {
					return
				}
			}
		})
	}
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				runtime.Gosched()
			}
			entries, err := e.fs.ReadDir(e.dir)
			if !assert.NoError(t, err) || !assert.LessOrEqual(t, len(entries), 2) {
				return
			}
		}
	})
	for i := range 100 {
		next := e.write(t, "next", []byte(strings.Repeat(fmt.Sprint(i%10), 300)))
		assert.NoError(t, e.fs.Rename(next, path))
	}
	close(done)
	wg.Wait()
	e.requireContents(t, path, strings.Repeat("9", 300))
	e.requireNames(t, e.dir, "f")
}
