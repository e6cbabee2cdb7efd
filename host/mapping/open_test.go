package mapping

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"testing"

	"github.com/spf13/afero"
	"github.com/stretchr/testify/require"
	"golang.org/x/exp/mmap"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/aferofs"
)

// named is a file that claims a path and hides its descriptor.
type named struct {
	fsabstraction.File
	path string
}

func (f named) Path() string { return f.path }

// anonymous is a file that cannot be identified.
type anonymous struct{ named }

func (f anonymous) Stat() (fsabstraction.Info, error) {
	i, err := f.named.Stat()
	i.Identity = fsabstraction.Identity{}
	return i, err
}

func TestOpenRefuses(t *testing.T) {
	path, other := writeFile(t, pattern(100)), writeFile(t, pattern(100))
	memory := aferofs.New(afero.NewMemMapFs())
	inMemory, err := memory.Create("f")
	require.NoError(t, err)
	closed := openFile(t, path)
	require.NoError(t, closed.Close())
	for _, test := range []struct {
		name string
		file fsabstraction.File
		want error
	}{
		{"in memory", inMemory, errors.ErrUnsupported},
		{"wrapped", struct{ fsabstraction.File }{openFile(t, path)}, errors.ErrUnsupported},
		{"another file's path", named{openFile(t, path), other}, errors.ErrUnsupported},
		{"no file at the path", named{openFile(t, path), path + "no"}, errors.ErrUnsupported},
		{"unknown identity", anonymous{named{openFile(t, path), path}}, errors.ErrUnsupported},
		{"closed", closed, fs.ErrClosed},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := Open(test.file)
			require.ErrorIs(t, err, test.want)
			require.Nil(t, s)
		})
	}
}

func TestOpenByPath(t *testing.T) {
	path := writeFile(t, []byte("by path"))
	s, err := Open(named{openFile(t, path), path})
	require.NoError(t, err)
	defer s.Close()
	p := make([]byte, 7)
	_, err = s.ReadAt(p, 0)
	require.NoError(t, err)
	require.Equal(t, "by path", string(p))
}

func TestOpenNoticesExchangeWhileMapping(t *testing.T) {
	path := writeFile(t, []byte("old"))
	f := named{openFile(t, path), path}
	i, err := f.Stat()
	require.NoError(t, err)
	m, err := mapPath(f, i.Identity, func(path string) (*mmap.ReaderAt, error) {
		require.NoError(t, os.Rename(writeFile(t, []byte("new")), path))
		return mmap.Open(path)
	})
	require.ErrorIs(t, err, errors.ErrUnsupported)
	require.Nil(t, m)
}

func TestReplacedFile(t *testing.T) {
	for _, when := range []string{"before mapping", "after mapping"} {
		t.Run(when, func(t *testing.T) {
			path := writeFile(t, []byte("old contents"))
			f := openFile(t, path)
			replace := func() { require.NoError(t, os.Rename(writeFile(t, []byte("new")), path)) }
			if when == "before mapping" {
				replace()
			}
			s, err := Open(f)
			if when == "before mapping" && runtime.GOOS != "linux" {
				require.ErrorIs(t, err, errors.ErrUnsupported)
				return
			}
			require.NoError(t, err)
			defer s.Close()
			if when == "after mapping" {
				replace()
			}
			p := make([]byte, 12)
			_, err = s.ReadAt(p, 0)
			require.NoError(t, err)
			require.Equal(t, "old contents", string(p))
		})
	}
}
