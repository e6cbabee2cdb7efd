package directory_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/thawlog/thaw/core/directory"
)

// TestTemporaryNames: only a writer's own temporary names are recognized.
func TestTemporaryNames(t *testing.T) {
	for _, name := range []string{
		"index.fbati", "index.thaw", "000001-000002.thaw", "1000000-1000001.thaw", "000001.fbat", "1000000.fbat",
		"000001.fbat.cut-0", "000001.fbat.cut-1234", "000001.fbat.cut-12-2", directory.CutName("000007.fbat", 99, 1),
		directory.CutName("000007.fbat", 99, 3), "visibility_ranges.fbv", "names.thaw", "scratch-1", "scratch-20",
	} {
		got, ok := directory.ParseTemporaryName(directory.TemporaryName(name))
		require.True(t, ok, name)
		require.Equal(t, name, got)
	}
	require.Equal(t, "scratch-3.tmp", directory.ScratchName(3))
	for _, name := range []string{
		"scratch-0.tmp", "scratch-01.tmp", "scratch-.tmp", "scratch-1", "scratch--1.tmp", "scratch-1.tmp.tmp", "scratch-1.fbat.tmp",
		"", ".tmp", "notes.tmp", "index.fbati", "000001.fbat", "000001-000002.thaw", "000001.fbat.cut-12",
		"notes.fbat.tmp", "my.fbatch.tmp", "my.fbat.old.tmp", "index.fbati.tmp.bak", "index.fbati.tmp.tmp", "my-index.fbati.tmp",
		"INDEX.FBATI.tmp", "index.fbati.TMP", "000001.FBAT.tmp", "index.ckpt.tmp", "synced.thaw.tmp", "VISIBILITY_RANGES.fbv.tmp",
		"thaw.lock.tmp", "1.fbat.tmp", "0000001.fbat.tmp", "000000.fbat.tmp", "+00001.fbat.tmp", "000001.fbat .tmp",
		"000001.fbat.bak.tmp", "x000001.fbat.tmp", "000002-000001.thaw.tmp", "1-2.thaw.tmp", "0000001-0000002.thaw.tmp", "thaw.tmp",
		"000001.fbat.cut-.tmp", "000001.fbat.cut-012.tmp", "000001.fbat.cut-+12.tmp", "000001.fbat.cut-12.txt.tmp",
		"000001.fbat.cut-12-.tmp", "000001.fbat.cut-12-1.tmp", "000001.fbat.cut-12-02.tmp", "000001.fbat.cut-12-2-3.tmp",
		"000001.fbat.cut-18446744073709551616.tmp", "notes.fbat.cut-12.tmp", "000001.fbat.cut-12.cut-13.tmp",
	} {
		_, ok := directory.ParseTemporaryName(name)
		require.False(t, ok, name)
	}
}
