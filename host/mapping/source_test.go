package mapping

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadAt(t *testing.T) {
	data := pattern(10_000)
	s := openSource(t, writeFile(t, data))
	require.Equal(t, int64(10_000), s.Size())
	for _, test := range []struct {
		name   string
		length int
		off    int64
		n      int
		err    error
	}{
		{"whole file", 10_000, 0, 10_000, nil},
		{"over a page border", 100, 4050, 100, nil},
		{"last byte", 1, 9_999, 1, nil},
		{"one byte over the end", 11, 9_990, 10, io.EOF},
		{"over the last page", 10_000, 9_990, 10, io.EOF},
		{"at the end", 1, 10_000, 0, io.EOF},
		{"past the end", 1, 10_001, 0, io.EOF},
		{"past 32 bits", 1, 1 << 32, 0, io.EOF},
		{"farthest offset", 100, math.MaxInt64, 0, io.EOF},
		{"nothing", 0, 5, 0, nil},
		{"nothing past the end", 0, 20_000, 0, nil},
		{"negative", 1, -1, 0, fs.ErrInvalid},
		{"most negative", 1, math.MinInt64, 0, fs.ErrInvalid},
		{"nothing at a negative offset", 0, -1, 0, fs.ErrInvalid},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := make([]byte, test.length)
			n, err := s.ReadAt(p, test.off)
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

func TestEmptyFile(t *testing.T) {
	s := openSource(t, writeFile(t, nil))
	require.Zero(t, s.Size())
	n, err := s.ReadAt(make([]byte, 1), 0)
	require.Equal(t, io.EOF, err)
	require.Zero(t, n)
	_, err = s.ReadAt(nil, 0)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	_, err = s.ReadAt(make([]byte, 1), 0)
	require.ErrorIs(t, err, errClosed)
}

func TestClose(t *testing.T) {
	s := openSource(t, writeFile(t, pattern(100)))
	require.NoError(t, s.Close())
	for _, length := range []int{0, 10, 200} {
		n, err := s.ReadAt(make([]byte, length), 0)
		require.ErrorIs(t, err, errClosed)
		require.ErrorIs(t, err, fs.ErrClosed)
		require.Zero(t, n)
	}
	require.ErrorIs(t, s.Close(), errClosed)
	require.Equal(t, int64(100), s.Size())
}

func TestCloseWaitsForReads(t *testing.T) {
	reading, finish := make(chan struct{}), make(chan struct{})
	var readDone atomic.Bool
	s := newSource("f", fake{
		size: 10,
		readAt: func(p []byte, off int64) (int, error) {
			close(reading)
			<-finish
			readDone.Store(true)
			return len(p), nil
		},
		close: func() error {
			assert.True(t, readDone.Load(), "unmapped under a running read")
			return nil
		},
	})
	var wg sync.WaitGroup
	wg.Go(func() {
		n, err := s.ReadAt(make([]byte, 10), 0)
		assert.NoError(t, err)
		assert.Equal(t, 10, n)
	})
	<-reading
	closing := make(chan struct{})
	wg.Go(func() {
		close(closing)
		assert.NoError(t, s.Close())
	})
	<-closing
	for range 1000 { // give a Close that does not wait every chance to fail
		runtime.Gosched()
	}
	close(finish)
	wg.Wait()
}

func TestCloseDuringReads(t *testing.T) {
	data := pattern(64 << 10)
	path := writeFile(t, data)
	for range 20 {
		s := openSource(t, path)
		var started, wg sync.WaitGroup
		started.Add(8)
		for g := range 8 {
			wg.Go(func() {
				p := make([]byte, 4096)
				for i := 0; ; i++ {
					off := (g + i) % 15 * 4096
					n, err := s.ReadAt(p, int64(off))
					if i == 0 {
						started.Done()
					}
					if errors.Is(err, errClosed) {
						return
					}
					if !assert.NoError(t, err) || !assert.True(t, bytes.Equal(data[off:off+4096], p[:n])) {
						return
					}
					runtime.Gosched() // nothing else yields with one thread
				}
			})
		}
		started.Wait()
		require.NoError(t, s.Close())
		wg.Wait()
	}
}
