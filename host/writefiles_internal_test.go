package host

import (
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/core/visibility"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/failfs"
)

// filesIn makes a store's directory of files that is on disk.
func filesIn(t *testing.T, files map[string]string) *crashfs.FS {
	fsys := crashfs.New()
	require.NoError(t, putFiles(fsys, files))
	return fsys
}

func contentsOf(fsys *crashfs.FS) map[string]string {
	out := map[string]string{}
	for name, b := range fsys.Files(swapDir) {
		out[name] = string(b)
	}
	return out
}

func putText(text string) func(fsabstraction.WriteFile) error {
	return func(f fsabstraction.WriteFile) error {
		_, err := f.WriteAt([]byte(text), 0)
		return err
	}
}

// TestReplaceFile replaces a file beside what an earlier attempt left, and leaves nothing after an
// error; what is no file is not removed.
func TestReplaceFile(t *testing.T) {
	mem := filesIn(t, map[string]string{"a": "old", "a.tmp": "longer than the new one"})
	require.NoError(t, replaceFile(mem, swapDir, "a", putText("new")))
	require.Equal(t, map[string]string{"a": "new"}, contentsOf(mem))

	errWrite := errors.New("write")
	require.ErrorIs(t, replaceFile(mem, swapDir, "a", func(fsabstraction.WriteFile) error { return errWrite }), errWrite)
	require.Equal(t, map[string]string{"a": "new"}, contentsOf(mem))
	failing := failfs.New(mem)
	failing.Fail(failfs.Rule{Kinds: failfs.Rename})
	require.ErrorIs(t, replaceFile(failing, swapDir, "a", putText("newer")), failfs.ErrInjected)
	require.Equal(t, map[string]string{"a": "new"}, contentsOf(mem))

	require.NoError(t, mem.MkdirAll(filepath.Join(swapDir, "b.tmp")))
	var odd *fsabstraction.NotRegularError
	require.ErrorAs(t, removeFile(mem, filepath.Join(swapDir, "b.tmp")), &odd)
	require.ErrorAs(t, replaceFile(mem, swapDir, "b", putText("new")), &odd)
	require.NoError(t, removeFile(mem, filepath.Join(swapDir, "c")), "there is none")
}

// TestRemoveLeftovers: temporary files go, and part files unless they are kept.
func TestRemoveLeftovers(t *testing.T) {
	const part = "000003-000004.thaw"
	all := map[string]string{"000001.fbat": "1", "index.fbati.tmp": "2", part: "3", "notes.tmp": "4"}
	for _, c := range []struct {
		keep []string
		gone []string
	}{{nil, []string{"index.fbati.tmp"}}, {[]string{part}, []string{"index.fbati.tmp"}}, {[]string{}, []string{"index.fbati.tmp", part}}} {
		mem := filesIn(t, all)
		require.NoError(t, removeLeftovers(mem, swapDir, c.keep, false))
		got := contentsOf(mem)
		for name := range all {
			if slices.Contains(c.gone, name) {
				require.NotContains(t, got, name)
			} else if name != "notes.tmp" {
				require.Contains(t, got, name)
			}
		}
	}
}

// TestWriteHidden: hidden ranges are on disk when writeHidden returns, and are not written when
// the file has them.
func TestWriteHidden(t *testing.T) {
	mem := filesIn(t, map[string]string{"000001.fbat": "1"})
	require.NoError(t, writeHidden(mem, swapDir, nil))
	require.NotContains(t, contentsOf(mem), visibility.FileName)
	ranges := visibility.Ranges{{Start: 3, End: 7}}
	require.NoError(t, writeHidden(mem, swapDir, ranges))
	left := mem.Crash(crashfs.Cut{})
	require.Equal(t, string(visibility.AppendFile(nil, ranges)), contentsOf(left)[visibility.FileName])

	failing := failfs.New(left)
	failing.Fail(failfs.Rule{Kinds: failfs.Changes})
	require.NoError(t, writeHidden(failing, swapDir, ranges), "nothing is written")
	require.ErrorIs(t, writeHidden(failing, swapDir, visibility.Ranges{{Start: 3, End: 9}}), failfs.ErrInjected)
}

// TestMarkFile: the base is on disk, name and all, when begin returns, and progress leaves it as
// it is.
func TestMarkFile(t *testing.T) {
	mem := filesIn(t, map[string]string{"000001.fbat": "1"})
	m := newMarkFile(mem, swapDir)
	for segment := uint64(2); segment < 5; segment++ {
		want := synced.Mark{Segment: segment, First: 10 * segment}
		require.NoError(t, m.begin(want))
		got, err := synced.Decode(mem.Crash(crashfs.Cut{}).Files(swapDir)[synced.FileName])
		require.NoError(t, err)
		require.Equal(t, want, got)
		base := func() string {
			return string(mem.Files(swapDir)[synced.FileName][m.base*synced.SlotSize:][:synced.SlotSize])
		}
		before := base()
		for offset := uint64(100); offset < 400; offset += 100 {
			m.advance(offset, slog.New(slog.DiscardHandler))
			require.Equal(t, before, base())
			want.Offset = offset
			got, err = synced.Decode(mem.Files(swapDir)[synced.FileName])
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	}
	require.NoError(t, m.remove())
}

// TestListSegments lists the segments up to an end, whose own size is that of the end.
func TestListSegments(t *testing.T) {
	mem := filesIn(t, map[string]string{"000001.fbat": "1", "000002.fbat": "22", "000003.fbat": "333", "000001-000002.thaw": "4"})
	l, err := listSegments(mem, swapDir, artifact.Watermark{Segment: 2, Offset: 1})
	require.NoError(t, err)
	require.Equal(t, []uint64{1, 2}, l.ids)
	require.Equal(t, []string{"000001-000002.thaw"}, l.parts)
	for id, want := range map[uint64]uint64{1: 1, 2: 1} {
		size, ok := l.size(id)
		require.True(t, ok)
		require.Equal(t, want, size)
	}
	for _, id := range []uint64{0, 3, 4} {
		_, ok := l.size(id)
		require.False(t, ok)
	}
	require.NoError(t, l.failed)
}
