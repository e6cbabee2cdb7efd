package aferofs_test

import (
	"io/fs"
	"runtime"
	"sync"
	"testing"

	"github.com/spf13/afero"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction/aferofs"
)

// interrupted calls a function after a Stat.
type interrupted struct {
	afero.Fs
	afterStat func()
}

type interruptedFile struct {
	afero.File
	fs *interrupted
}

func (i *interrupted) OpenFile(name string, flag int, perm fs.FileMode) (afero.File, error) {
	f, err := i.Fs.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return interruptedFile{f, i}, nil
}

// Stat keeps the size at the time of the call, which a FileInfo of MemMapFs does not.
func (f interruptedFile) Stat() (fs.FileInfo, error) {
	fi, err := f.File.Stat()
	if err != nil {
		return nil, err
	}
	size := fi.Size()
	if f.fs.afterStat != nil {
		f.fs.afterStat()
	}
	return sized{fi, size}, nil
}

type sized struct {
	fs.FileInfo
	size int64
}

func (s sized) Size() int64 { return s.size }

// MemMapFs returns an error other than io.EOF for a read past the end, which happens when a
// file is truncated after its size was read.
func TestFileCannotBeCutDuringARead(t *testing.T) {
	inner := &interrupted{Fs: afero.NewMemMapFs()}
	fsys := aferofs.New(inner)
	w, err := fsys.Create("f")
	require.NoError(t, err)
	_, err = w.WriteAt([]byte("0123456789"), 0)
	require.NoError(t, err)
	r, err := fsys.Open("f")
	require.NoError(t, err)

	var wg sync.WaitGroup
	inner.afterStat = func() {
		inner.afterStat = nil
		wg.Go(func() { assert.NoError(t, w.Truncate(2)) })
		for range 1000 { // give a truncation that does not wait every chance
			runtime.Gosched()
		}
	}
	p := make([]byte, 5)
	n, err := r.ReadAt(p, 5)
	require.NoError(t, err)
	require.Equal(t, "56789", string(p[:n]))
	wg.Wait()
	size, err := r.Size()
	require.NoError(t, err)
	require.Equal(t, int64(2), size)
}
