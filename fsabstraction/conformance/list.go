package conformance

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
)

func listSorted(t *testing.T, e env) {
	entries, err := e.fs.ReadDir(e.dir)
	require.NoError(t, err)
	require.Empty(t, entries)

	for _, name := range []string{"b", "000010.fbat", "000002.fbat", "z", "index.thaw", "a-b", "a"} {
		e.write(t, name, nil)
	}
	require.NoError(t, e.fs.MkdirAll(e.path("dir/below")))
	e.write(t, "dir/file", nil)

	entries, err = e.fs.ReadDir(e.dir)
	require.NoError(t, err)
	require.Equal(t, []fsabstraction.Entry{
		{Name: "000002.fbat", Type: fsabstraction.Regular},
		{Name: "000010.fbat", Type: fsabstraction.Regular},
		{Name: "a", Type: fsabstraction.Regular},
		{Name: "a-b", Type: fsabstraction.Regular},
		{Name: "b", Type: fsabstraction.Regular},
		{Name: "dir", Type: fsabstraction.Directory},
		{Name: "index.thaw", Type: fsabstraction.Regular},
		{Name: "z", Type: fsabstraction.Regular},
	}, entries)
	e.requireNames(t, e.path("dir"), "below", "file")
}

func listNotDirectory(t *testing.T, e env) {
	entries, err := e.fs.ReadDir(e.write(t, "f", []byte("x")))
	require.Error(t, err)
	require.Empty(t, entries)
}

func listLinks(t *testing.T, e env) {
	target := e.write(t, "target", []byte("12345"))
	require.NoError(t, e.fs.MkdirAll(e.path("dir")))
	links := []string{
		e.link(t, target, "to-file"),
		e.link(t, e.path("dir"), "to-dir"),
		e.link(t, e.path("nothing"), "to-nothing"),
		e.link(t, e.path("to-itself"), "to-itself"),
	}
	entries, err := e.fs.ReadDir(e.dir)
	require.NoError(t, err)
	types := map[string]fsabstraction.Type{}
	for _, entry := range entries {
		types[entry.Name] = entry.Type
	}
	require.Equal(t, map[string]fsabstraction.Type{
		"target": fsabstraction.Regular, "dir": fsabstraction.Directory,
		"to-file": fsabstraction.Symlink, "to-dir": fsabstraction.Symlink,
		"to-nothing": fsabstraction.Symlink, "to-itself": fsabstraction.Symlink,
	}, types)
	for _, link := range links {
		i, err := e.fs.Lstat(link)
		require.NoError(t, err)
		require.Equal(t, fsabstraction.Symlink, i.Type)
		require.Zero(t, i.Size)
	}
	// A directory in the path may be a link.
	e.write(t, "dir/f", []byte("below"))
	e.requireContents(t, e.path("to-dir/f"), "below")
}

func missingNames(t *testing.T, e env) {
	there := e.write(t, "there", nil)
	for _, name := range []string{"missing", "missing/below"} {
		path := e.path(name)
		for _, test := range []struct {
			name string
			call func() error
		}{
			{"ReadDir", func() error { _, err := e.fs.ReadDir(path); return err }},
			{"Open", func() error { _, err := e.fs.Open(path); return err }},
			{"Lstat", func() error { _, err := e.fs.Lstat(path); return err }},
			{"OpenWrite", func() error { _, err := e.fs.OpenWrite(path); return err }},
			{"Rename from", func() error { return e.fs.Rename(path, e.path("new")) }},
			{"Rename into", func() error { return e.fs.Rename(there, e.path("missing/new")) }},
			{"Remove", func() error { return e.fs.Remove(path) }},
			{"Create", func() error { _, err := e.fs.Create(e.path("missing/new")); return err }},
			{"SyncDir", func() error {
				d, ok := e.fs.(fsabstraction.DirSyncer)
				if !ok {
					return fs.ErrNotExist
				}
				return d.SyncDir(path)
			}},
		} {
			t.Run(test.name+" "+name, func(t *testing.T) {
				require.ErrorIs(t, test.call(), fs.ErrNotExist)
			})
		}
	}
	e.requireNames(t, e.dir, "there")
}
