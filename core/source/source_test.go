package source_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/source"
)

// file is a source that is not memory, and counts its reads.
type file struct {
	b     []byte
	size  int64
	reads int
	bytes int
	err   error
}

func (f *file) Size() int64 { return f.size }

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	f.reads++
	f.bytes += len(p)
	if f.err != nil {
		return 0, f.err
	}
	return bytes.NewReader(f.b).ReadAt(p, off)
}

func TestRead(t *testing.T) {
	broken := errors.New("disk on fire")
	hungUp := &fs.PathError{Op: "read", Path: "remote", Err: io.EOF}
	b := []byte("0123456789")
	for _, c := range []struct {
		name string
		src  source.Source
		off  uint64
		n    int
		want error
	}{
		{"all", source.Bytes(b), 0, 10, nil},
		{"end", source.Bytes(b), 10, 0, nil},
		{"nothing of nothing", source.Bytes(nil), 0, 0, nil},
		{"one too many", source.Bytes(b), 0, 11, source.ErrShort},
		{"across the end", source.Bytes(b), 9, 2, source.ErrShort},
		{"past the end", source.Bytes(b), 11, 0, source.ErrShort},
		{"far past the end", source.Bytes(b), math.MaxUint64, 1, source.ErrShort},
		{"wraps", source.Bytes(b), math.MaxUint64 - 1, 4, source.ErrShort},
		{"shrank", &file{b: b, size: 20}, 5, 10, source.ErrShort},
		{"shrank before", &file{b: b, size: 20}, 15, 1, source.ErrShort},
		{"negative size", &file{b: b, size: -1}, 0, 1, source.ErrShort},
		{"broken", &file{b: b, size: 10, err: broken}, 0, 1, broken},
		{"shrank, as the file says", &file{b: b, size: 10, err: io.EOF}, 0, 1, source.ErrShort},
		{"an answer cut short", &file{b: b, size: 10, err: io.ErrUnexpectedEOF}, 0, 1, io.ErrUnexpectedEOF},
		{"a connection closed", &file{b: b, size: 10, err: hungUp}, 0, 1, hungUp},
	} {
		p := make([]byte, c.n)
		err := source.Read(c.src, p, c.off)
		require.ErrorIs(t, err, c.want, c.name)
		require.Equal(t, c.want == source.ErrShort, errors.Is(err, source.ErrShort), c.name)
		if c.want == nil {
			require.NoError(t, err, c.name)
			require.Equal(t, b[c.off : int(c.off)+c.n][:c.n], append([]byte{}, p...), c.name)
		}
	}
	_, err := source.Bytes(b).ReadAt(make([]byte, 1), -1)
	require.ErrorIs(t, err, source.ErrShort)
}

// TestWindow compares random reads through windows with the bytes themselves.
func TestWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "bytes")
		f := &file{b: b, size: int64(len(b))}
		for _, w := range []*source.Window{
			source.NewWindow(f, rapid.IntRange(0, 50).Draw(t, "block")),
			source.NewWindow(source.Bytes(b), 10),
		} {
			require.EqualValues(t, len(b), w.Size())
			for range rapid.IntRange(1, 20).Draw(t, "reads") {
				off := rapid.Uint64Range(0, 320).Draw(t, "off")
				n := rapid.OneOf(rapid.Uint64Range(0, 60), rapid.Just[uint64](math.MaxUint64)).Draw(t, "n")
				got, err := w.Bytes(off, n)
				if off > uint64(len(b)) || n > uint64(len(b))-off {
					require.ErrorIs(t, err, source.ErrShort)
					require.Nil(t, got)
					continue
				}
				require.NoError(t, err)
				require.True(t, bytes.Equal(b[off:off+n], got))
				require.Equal(t, len(got), cap(got), "an append must not write into the window")
			}
		}
	})
}

func TestWindowReadsBlocks(t *testing.T) {
	f := &file{b: make([]byte, 10000), size: 10000}
	w := source.NewWindow(f, 1000)
	for i := range uint64(10000) {
		_, err := w.Bytes(i, 1)
		require.NoError(t, err)
	}
	require.Equal(t, 12, f.reads, "a block ends at the end of a page")
	require.Equal(t, 10000, f.bytes)
	_, err := w.Bytes(0, 5000)
	require.NoError(t, err)
	require.Equal(t, 13, f.reads)
	_, err = w.Bytes(4999, 1)
	require.NoError(t, err)
	require.Equal(t, 13, f.reads)

	f.err = errors.New("gone")
	_, err = w.Bytes(6000, 10)
	require.ErrorIs(t, err, f.err)
	f.err = nil
	got, err := w.Bytes(6000, 10)
	require.NoError(t, err, "an error is not kept")
	require.Len(t, got, 10)

	// A claim that the source does not cover allocates nothing.
	w = source.NewWindow(&file{size: 100}, 10)
	require.Zero(t, testing.AllocsPerRun(10, func() { _, _ = w.Bytes(1, math.MaxInt64) }))
}

func TestAhead(t *testing.T) {
	b := []byte("0123456789abcdef")
	f := &file{b: b, size: int64(len(b))}
	w := source.NewWindow(f, 2)
	got, err := w.Ahead(4, 1, 8)
	require.NoError(t, err)
	require.Equal(t, "4", string(got))
	require.Equal(t, 8, f.bytes)
	got, err = w.Bytes(9, 3) // read with the previous one
	require.NoError(t, err)
	require.Equal(t, "9ab", string(got))
	require.Equal(t, 1, f.reads)
	got, err = w.Ahead(15, 1, 100)
	require.NoError(t, err)
	require.Equal(t, "f", string(got))
	require.Equal(t, 9, f.bytes)
	_, err = w.Ahead(15, 2, 1)
	require.ErrorIs(t, err, source.ErrShort)
	require.Nil(t, w.InPlace(0, 1), "a file is not memory")

	m := source.NewWindow(source.Bytes(b), 2)
	require.Equal(t, "ef", string(m.InPlace(14, 2)))
	require.Nil(t, m.InPlace(15, 2))
	require.Nil(t, m.InPlace(math.MaxUint64, 2))
}
