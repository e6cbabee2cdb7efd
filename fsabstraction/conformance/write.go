package conformance

import (
	"errors"
	"io"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
)

func writeTable(t *testing.T, e env) {
	type step func(fsabstraction.WriteFile) error
	write := func(s string, off int64) step {
		return func(w fsabstraction.WriteFile) error {
			n, err := w.WriteAt([]byte(s), off)
			if err == nil && n != len(s) {
				return io.ErrShortWrite
			}
			return err
		}
	}
	truncate := func(size int64) step {
		return func(w fsabstraction.WriteFile) error { return w.Truncate(size) }
	}
	for _, test := range []struct {
		name  string
		steps []step
		want  string
	}{
		{"append", []step{write("abc", 0), write("def", 3)}, "abcdef"},
		{"in the middle", []step{write("abcdef", 0), write("XY", 2)}, "abXYef"},
		{"over the end", []step{write("abc", 0), write("XY", 2)}, "abXY"},
		{"leaving a gap", []step{write("a", 0), write("b", 4)}, "a\x00\x00\x00b"},
		{"nothing", []step{write("a", 0), write("", 0)}, "a"},
		{"nothing past the end", []step{write("a", 0), write("", 9)}, "a"},
		{"cut", []step{write("abcdef", 0), truncate(2)}, "ab"},
		{"cut to nothing", []step{write("abcdef", 0), truncate(0)}, ""},
		{"cut and write", []step{write("abcdef", 0), truncate(2), write("X", 2)}, "abX"},
		{"cut and lengthen", []step{write("abcdef", 0), truncate(2), truncate(5)}, "ab\x00\x00\x00"},
		{"cut and leave a gap", []step{write("abcdef", 0), truncate(2), write("X", 4)}, "ab\x00\x00X"},
		{"same length", []step{write("abc", 0), truncate(3)}, "abc"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := e.path("f")
			w, err := e.fs.Create(path)
			require.NoError(t, err)
			for _, s := range test.steps {
				require.NoError(t, s(w))
			}
			require.Equal(t, test.want, contents(t, w))
			require.NoError(t, w.Close())
			e.requireContents(t, path, test.want)
			require.NoError(t, e.fs.Remove(path))
		})
	}
}

func writeShared(t *testing.T, e env) {
	path := e.write(t, "f", []byte("0123456789"))
	reader, first, second := e.open(t, path), e.openWrite(t, path), e.openWrite(t, path)
	require.Equal(t, "0123456789", contents(t, second), "OpenWrite keeps the contents")
	_, err := first.WriteAt([]byte("ab"), 0)
	require.NoError(t, err)
	_, err = second.WriteAt([]byte("cd"), 4)
	require.NoError(t, err)
	require.Equal(t, "ab23cd6789", contents(t, reader))
	require.NoError(t, second.Truncate(5))
	require.Equal(t, "ab23c", contents(t, reader))
	require.NoError(t, first.Close())
	_, err = second.WriteAt([]byte("!"), 5)
	require.NoError(t, err)
	require.Equal(t, "ab23c!", contents(t, reader))
}

func writeNegative(t *testing.T, e env) {
	w := e.openWrite(t, e.write(t, "f", []byte("abc")))
	n, err := w.WriteAt([]byte("x"), -1)
	require.ErrorIs(t, err, fs.ErrInvalid)
	require.Zero(t, n)
	require.ErrorIs(t, w.Truncate(-1), fs.ErrInvalid)
	require.Equal(t, "abc", contents(t, w))
}

func closeEndsWrites(t *testing.T, e env) {
	path := e.write(t, "f", []byte("abc"))
	w := e.openWrite(t, path)
	require.NoError(t, w.Close())
	n, err := w.WriteAt([]byte("x"), 0)
	require.ErrorIs(t, err, fs.ErrClosed)
	require.Zero(t, n)
	require.ErrorIs(t, w.Truncate(0), fs.ErrClosed)
	require.ErrorIs(t, w.Sync(), fs.ErrClosed)
	e.requireContents(t, path, "abc")
}

func writeSync(t *testing.T, e env) {
	path := e.write(t, "f", nil)
	w := e.openWrite(t, path)
	_, err := w.WriteAt([]byte("abc"), 0)
	require.NoError(t, err)
	require.NoError(t, w.Sync())
	require.Equal(t, "abc", contents(t, w))

	d, ok := e.fs.(fsabstraction.DirSyncer)
	if !ok {
		t.Skip("the file system cannot sync directories")
	}
	require.Error(t, d.SyncDir(path), "not a directory")
	if err := d.SyncDir(e.dir); err != nil {
		// On Windows osfs returns errors.ErrUnsupported, others return the system's error.
		t.Skipf("the platform cannot sync directories: %v", err)
	}
}

func writeStartSync(t *testing.T, e env) {
	path := e.path("f")
	w, err := e.fs.Create(path)
	require.NoError(t, err)
	s, ok := w.(fsabstraction.Starter)
	if !ok {
		require.NoError(t, w.Close())
		t.Skip("no sync goes on beside writes")
	}
	require.ErrorIs(t, s.StartSync(-1), fs.ErrInvalid)
	for _, end := range []int64{0, 3, 6, 100} {
		_, err = w.WriteAt([]byte("abcdef"), 0)
		require.NoError(t, err)
		if err := s.StartSync(end); !errors.Is(err, errors.ErrUnsupported) {
			require.NoError(t, err)
		}
		require.Equal(t, "abcdef", contents(t, w))
	}
	require.NoError(t, w.Sync())
	require.NoError(t, w.Close())
	require.Error(t, s.StartSync(6))
	e.requireContents(t, path, "abcdef")
}
