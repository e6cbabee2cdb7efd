package crashfs_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction/crashfs"
)

func TestFromFiles(t *testing.T) {
	given := map[string][]byte{"a/b/c": []byte("xyz"), "/a/d": {}, "e": make([]byte, 10000)}
	fsys := crashfs.FromFiles(given).Crash(crashfs.Cut{})
	given["a/b/c"][0] = '!'
	require.Equal(t, map[string][]byte{"c": []byte("xyz")}, fsys.Files("/a/b"))
	require.Equal(t, map[string][]byte{"d": {}}, fsys.Files("a"))
	require.Equal(t, map[string][]byte{"e": make([]byte, 10000)}, fsys.Files("/"))
	require.Equal(t, map[string][]byte{"d": {}}, fsys.Files("../a"), "the root is its own parent")
	require.Nil(t, fsys.Files("no"))
	require.Nil(t, fsys.Files("e"))

	fsys.Files("a/b")["c"][0] = '!'
	require.Equal(t, "xyz", string(fsys.Files("a/b")["c"]))

	for message, files := range map[string]map[string][]byte{
		"crashfs: no file name: /":             {"/": nil},
		"crashfs: a file is on the way to a/b": {"a": nil, "a/b": nil},
		"crashfs: twice: a":                    {"a": nil, "/a": nil},
	} {
		require.PanicsWithValue(t, message, func() { crashfs.FromFiles(files) })
	}
}
