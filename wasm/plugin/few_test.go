package plugin

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/wasm/internal/blake3"
)

// manySegments is a directory of n segments with an event each, and without an index.
func manySegments(t *testing.T, n int) (dir string) {
	dir = t.TempDir()
	log := commit.NewLog(commit.NoHistory{}, 0)
	for id := uint64(1); id <= uint64(n); id++ {
		seg := segment.AppendHeader(nil, segment.Header{CreatedNS: 1, SegmentID: id})
		log.Start(id, uint64(len(seg)))
		_, err := log.Append(&commit.Entry{
			Coordinate: event.At("e"+strconv.Itoa(int(id)), "s"), Kind: event.Data, ID: event.ID{1, byte(id >> 8), byte(id)}, Payload: []byte{1}, Hash: blake3.Sum256([]byte{1}),
		}, 1_790_000_000_000_000)
		require.NoError(t, err)
		seg = append(seg, log.Frames()...)
		log.Commit()
		require.NoError(t, os.WriteFile(filepath.Join(dir, segment.Name(id)), log.Footer(seg), 0o600))
	}
	return dir
}

// TestFewDescriptors reads a store with more segments than files may be open, by one reader, and
// by another while the first has segments open.
func TestFewDescriptors(t *testing.T) {
	dir := manySegments(t, 60)
	few, open := failfs.Limited(osfs.FS{}, 12)
	o := ReaderOptions{FS: few}
	found, err := loaded(t).Verify(t.Context(), dir, o, nil)
	require.NoError(t, err)
	require.Empty(t, found.Damages)
	require.EqualValues(t, 60, found.Events)
	require.Zero(t, open())
	for range 2 {
		r, err := loaded(t).OpenReader(t.Context(), dir, o)
		require.NoError(t, err)
		defer r.Close()
		events := all(t, r)
		require.Len(t, events, 60)
		for _, e := range events {
			_, err := r.Read(t.Context(), e)
			require.NoError(t, err)
		}
		require.Equal(t, 12, open())
	}

	refusing := failfs.New(osfs.FS{})
	refusing.Fail(failfs.Rule{Kinds: failfs.Open, Pattern: segment.Name(30), Forever: true, Err: syscall.EMFILE})
	o.FS = refusing
	_, err = loaded(t).OpenReader(t.Context(), dir, o)
	require.ErrorIs(t, err, syscall.EMFILE)
	require.ErrorIs(t, err, host.ErrRead)
	_, err = loaded(t).Verify(t.Context(), dir, o, nil)
	require.ErrorIs(t, err, syscall.EMFILE)
	var d *damage.Damage
	require.False(t, errors.As(err, &d))
}

// TestAnswerCutShort: a read that ends early, as of a server that hangs up, is not the
// end of the file.
func TestAnswerCutShort(t *testing.T) {
	dir := manySegments(t, 2)
	for _, cause := range []error{io.ErrUnexpectedEOF, &fs.PathError{Op: "read", Path: "remote", Err: io.EOF}} {
		remote := failfs.New(osfs.FS{})
		remote.Fail(failfs.Rule{Kinds: failfs.ReadAt, Pattern: segment.Name(2), Forever: true, Err: cause})
		o := ReaderOptions{FS: remote}
		_, err := loaded(t).OpenReader(t.Context(), dir, o)
		require.ErrorIs(t, err, cause)
		require.ErrorIs(t, err, host.ErrRead)
		_, err = loaded(t).Verify(t.Context(), dir, o, nil)
		require.ErrorIs(t, err, cause)
		var d *damage.Damage
		require.False(t, errors.As(err, &d))
	}
}

// TestVerifyBesideWriter: a file that a writer replaces before it is read is no damage;
// the store is listed again.
func TestVerifyBesideWriter(t *testing.T) {
	dir := t.TempDir()
	for name, b := range made(t) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	names, err := os.ReadDir(dir)
	require.NoError(t, err)
	want, err := loaded(t).Verify(t.Context(), dir, ReaderOptions{}, nil)
	require.NoError(t, err)
	require.Empty(t, want.Damages)
	for _, name := range names {
		for nth := 1; nth <= 2; nth++ {
			fs := failfs.New(osfs.FS{})
			fs.Fail(failfs.Rule{Kinds: failfs.Open, Pattern: name.Name(), Nth: nth, Err: os.ErrNotExist})
			found, err := loaded(t).Verify(t.Context(), dir, ReaderOptions{FS: fs}, nil)
			require.NoError(t, err, name.Name())
			require.Equal(t, want.Damages, found.Damages, name.Name())
			require.Equal(t, want.Events, found.Events, name.Name())
		}
	}
}
