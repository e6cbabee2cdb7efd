package plugin

import (
	"bytes"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"

	"github.com/thawlog/thaw/fsabstraction"
)

// memoryFS is one directory in memory.
type memoryFS struct{ files map[string][]byte }

func (m memoryFS) ReadDir(string) (out []fsabstraction.Entry, err error) {
	for _, name := range slices.Sorted(maps.Keys(m.files)) {
		out = append(out, fsabstraction.Entry{Name: name, Type: fsabstraction.Regular})
	}
	return out, nil
}

func (m memoryFS) Lstat(name string) (fsabstraction.Info, error) {
	b, ok := m.files[filepath.Base(name)]
	if !ok {
		return fsabstraction.Info{}, fs.ErrNotExist
	}
	return fsabstraction.Info{Size: int64(len(b)), Type: fsabstraction.Regular}, nil
}

func (m memoryFS) Open(name string) (fsabstraction.File, error) {
	b, ok := m.files[filepath.Base(name)]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return memoryFile{bytes.NewReader(b)}, nil
}

type memoryFile struct{ *bytes.Reader }

func (f memoryFile) Size() (int64, error) { return f.Reader.Size(), nil }
func (f memoryFile) Stat() (fsabstraction.Info, error) {
	return fsabstraction.Info{Size: f.Reader.Size(), Type: fsabstraction.Regular}, nil
}
func (f memoryFile) Close() error { return nil }
