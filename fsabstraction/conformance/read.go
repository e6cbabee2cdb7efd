package conformance

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math"
	"math/rand"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func readTable(t *testing.T, e env) {
	data := pattern(1000)
	f := e.open(t, e.write(t, "f", data))
	for _, test := range []struct {
		name   string
		length int
		off    int64
		n      int
		err    error
	}{
		{"whole file", 1000, 0, 1000, nil},
		{"start", 10, 0, 10, nil},
		{"middle", 10, 500, 10, nil},
		{"ends at the end", 10, 990, 10, nil},
		{"one byte over the end", 11, 990, 10, io.EOF},
		{"buffer longer than the file", 2000, 0, 1000, io.EOF},
		{"last byte and one more", 2, 999, 1, io.EOF},
		{"at the end", 1, 1000, 0, io.EOF},
		{"past the end", 10, 1001, 0, io.EOF},
		{"past 32 bits", 10, 1 << 32, 0, io.EOF},
		{"farthest offset", 10, math.MaxInt64 - 10, 0, io.EOF},
		{"nothing at the start", 0, 0, 0, nil},
		{"nothing at the end", 0, 1000, 0, nil},
		{"nothing past the end", 0, 5000, 0, nil},
		{"negative", 10, -1, 0, fs.ErrInvalid},
		{"most negative", 10, math.MinInt64, 0, fs.ErrInvalid},
		{"nothing at a negative offset", 0, -1, 0, fs.ErrInvalid},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := make([]byte, test.length)
			n, err := f.ReadAt(p, test.off)
			require.Equal(t, test.n, n)
			switch test.err {
			case nil:
				require.NoError(t, err)
			case io.EOF:
				require.True(t, err == io.EOF, "want io.EOF unwrapped, got %v", err)
			default:
				require.ErrorIs(t, err, test.err)
			}
			if n > 0 {
				require.Equal(t, data[test.off:test.off+int64(n)], p[:n])
			}
		})
	}
}

func readEmptyFile(t *testing.T, e env) {
	f := e.open(t, e.write(t, "empty", nil))
	size, err := f.Size()
	require.NoError(t, err)
	require.Zero(t, size)
	for _, off := range []int64{0, 1} {
		n, err := f.ReadAt(make([]byte, 1), off)
		require.Zero(t, n)
		require.Equal(t, io.EOF, err)
	}
	n, err := f.ReadAt(nil, 0)
	require.NoError(t, err)
	require.Zero(t, n)
}

func readConcurrently(t *testing.T, e env) {
	const goroutines, reads = 16, 200
	data := pattern(64 << 10)
	path := e.write(t, "f", data)
	f, w := e.open(t, path), e.openWrite(t, path)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			var h io.ReaderAt = f
			if g%4 == 0 {
				h = w // the writer's handle keeps the same promise
			}
			rng := rand.New(rand.NewSource(int64(g)))
			for range reads {
				p := make([]byte, 1+rng.Intn(300))
				off := rng.Intn(len(data))
				n, err := h.ReadAt(p, int64(off))
				want := data[off:min(off+len(p), len(data))]
				if len(want) < len(p) {
					if !assert.Equal(t, io.EOF, err) {
						return
					}
				} else if !assert.NoError(t, err) {
					return
				}
				if !assert.True(t, bytes.Equal(want, p[:n]), "%d bytes at %d are not the file's", len(p), off) {
					return
				}
			}
		})
	}
	wg.Wait()
}

// readWhileCut has one handle shorten and lengthen the file during reads. Each read must be
// whole or io.EOF, and its bytes must have been the file's at some time.
func readWhileCut(t *testing.T, e env) {
	data := pattern(4096)
	path := e.write(t, "f", data)
	f, w := e.open(t, path), e.openWrite(t, path)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				p := make([]byte, 100)
				n, err := f.ReadAt(p, 1000)
				if err != nil && !assert.Equal(t, io.EOF, err) {
					return
				}
				if err == nil && !assert.Equal(t, len(p), n) {
					return
				}
				for i, b := range p[:n] {
					if b != 0 && !assert.Equal(t, data[1000+i], b) {
						return
					}
				}
				select {
				case <-done:
					return
				default:
					runtime.Gosched() // nothing else yields in a browser
				}
			}
		})
	}
	for i := range 300 {
		size := []int64{1000, 1050, 0, 500}[i%4]
		assert.NoError(t, w.Truncate(size))
		_, err := w.WriteAt(data, 0)
		assert.NoError(t, err)
	}
	close(done)
	wg.Wait()
}

func closeEndsReads(t *testing.T, e env) {
	path := e.write(t, "f", pattern(100))
	for _, open := range []string{"Open", "OpenWrite"} {
		t.Run(open, func(t *testing.T) {
			h, err := e.fs.Open(path)
			if open == "OpenWrite" {
				h, err = e.fs.OpenWrite(path)
			}
			require.NoError(t, err)
			require.NoError(t, h.Close())

			n, err := h.ReadAt(make([]byte, 10), 0)
			require.ErrorIs(t, err, fs.ErrClosed)
			require.Zero(t, n)
			_, err = h.Size()
			require.ErrorIs(t, err, fs.ErrClosed)
			_, err = h.Stat()
			require.ErrorIs(t, err, fs.ErrClosed)
			require.ErrorIs(t, h.Close(), fs.ErrClosed)
		})
	}
	e.requireContents(t, path, string(pattern(100)))
}

func closeConcurrently(t *testing.T, e env) {
	data := pattern(5000)
	path := e.write(t, "f", data)
	for range 20 {
		f := e.open(t, path)
		var started, wg sync.WaitGroup
		started.Add(4)
		for g := range 4 {
			wg.Go(func() {
				p := make([]byte, 1000)
				for i := 0; ; i++ {
					n, err := f.ReadAt(p, int64(g*1000))
					if i == 0 {
						started.Done()
					}
					if errors.Is(err, fs.ErrClosed) {
						return
					}
					if !assert.NoError(t, err) || !assert.True(t, bytes.Equal(data[g*1000:g*1000+1000], p[:n])) {
						return
					}
					runtime.Gosched()
				}
			})
		}
		started.Wait()
		require.NoError(t, f.Close())
		wg.Wait()
	}
}
