package memfs

import (
	"cmp"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/thawlog/thaw/fsabstraction"
)

// ErrFull is the cause of a write beyond the limit of [NewLimited].
var ErrFull = errors.New("memfs: the limit of the file system is reached")

var (
	errNotDirectory = errors.New("not a directory")
	errNotEmpty     = errors.New("directory not empty")
)

// FS is a file system in memory. Create it with New.
type FS struct {
	mu   sync.RWMutex // guards all directories
	root *node
	size accounts
}

var (
	_ fsabstraction.FS        = (*FS)(nil)
	_ fsabstraction.DirSyncer = (*FS)(nil)
	_ fsabstraction.Locker    = (*FS)(nil)
)

// node is a file, or a directory.
type node struct {
	*file
	entries map[string]*node // nil for a file
}

func directory() *node { return &node{entries: map[string]*node{}} }

// New returns an empty file system: the root directory.
func New() *FS { return NewLimited(0) }

// NewLimited returns a file system whose files together are never longer than limit bytes: a
// write beyond that fails with [ErrFull], as on a full disk. 0 is no limit.
func NewLimited(limit int64) *FS { return &FS{root: directory(), size: accounts{limit: limit}} }

// Size returns the bytes of all files together.
func (f *FS) Size() int64 {
	f.size.mu.Lock()
	defer f.size.mu.Unlock()
	return f.size.used
}

// split returns the elements of a path; none for the root.
func split(name string) []string {
	parts := strings.Split(filepath.ToSlash(filepath.Clean(name)), "/")
	return slices.DeleteFunc(parts, func(part string) bool { return part == "" || part == "." || part == ".." })
}

func pathError(op, name string, err error) error {
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// find returns the node of a name. mu is held.
func (f *FS) find(op, name string, parts []string) (*node, error) {
	n := f.root
	for _, part := range parts {
		if n.entries == nil {
			return nil, pathError(op, name, errNotDirectory)
		}
		next, ok := n.entries[part]
		if !ok {
			return nil, pathError(op, name, fs.ErrNotExist)
		}
		n = next
	}
	return n, nil
}

// parent returns the directory of a name, and the name's last element.
func (f *FS) parent(op, name string) (dir *node, last string, err error) {
	parts := split(name)
	if len(parts) == 0 {
		return nil, "", pathError(op, name, fs.ErrInvalid)
	}
	dir, err = f.find(op, name, parts[:len(parts)-1])
	if err == nil && dir.entries == nil {
		err = pathError(op, name, errNotDirectory)
	}
	return dir, parts[len(parts)-1], err
}

// regular returns a regular file.
func (f *FS) regular(op, name string) (*file, error) {
	n, err := f.find(op, name, split(name))
	if err != nil {
		return nil, err
	}
	if n.file == nil {
		return nil, &fsabstraction.NotRegularError{Op: op, Path: name, Type: fsabstraction.Directory}
	}
	return n.file, nil
}

// ReadDir implements fsabstraction.ReadFS.
func (f *FS) ReadDir(dir string) ([]fsabstraction.Entry, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	d, err := f.find("readdir", dir, split(dir))
	if err != nil {
		return nil, err
	}
	if d.entries == nil {
		return nil, pathError("readdir", dir, errNotDirectory)
	}
	out := make([]fsabstraction.Entry, 0, len(d.entries))
	for name, n := range d.entries {
		out = append(out, fsabstraction.Entry{Name: name, Type: n.info().Type})
	}
	slices.SortFunc(out, func(a, b fsabstraction.Entry) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// Lstat implements fsabstraction.ReadFS.
func (f *FS) Lstat(name string) (fsabstraction.Info, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	n, err := f.find("lstat", name, split(name))
	if err != nil {
		return fsabstraction.Info{}, err
	}
	return n.info(), nil
}

func (n *node) info() fsabstraction.Info {
	if n.file == nil {
		return fsabstraction.Info{Type: fsabstraction.Directory, Identity: fsabstraction.NewIdentity(n)}
	}
	return n.file.info()
}

// Open implements fsabstraction.ReadFS.
func (f *FS) Open(name string) (fsabstraction.File, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	file, err := f.regular("open", name)
	if err != nil {
		return nil, err
	}
	return &handle{file: file, path: name}, nil
}

// OpenWrite implements fsabstraction.FS.
func (f *FS) OpenWrite(name string) (fsabstraction.WriteFile, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	file, err := f.regular("open", name)
	if err != nil {
		return nil, err
	}
	return &writeHandle{handle{file: file, path: name}}, nil
}

// Create implements fsabstraction.FS.
func (f *FS) Create(name string) (fsabstraction.WriteFile, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	file, err := f.create("open", name)
	if err != nil {
		return nil, err
	}
	return &writeHandle{handle{file: file, path: name}}, nil
}

func (f *FS) create(op, name string) (*file, error) {
	dir, last, err := f.parent(op, name)
	if err != nil {
		return nil, err
	}
	if _, ok := dir.entries[last]; ok {
		return nil, pathError(op, name, fs.ErrExist)
	}
	made := newFile(&f.size)
	dir.entries[last] = &node{file: made}
	return made, nil
}

// Rename implements fsabstraction.FS.
func (f *FS) Rename(oldName, newName string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	moved, err := f.regular("rename", oldName)
	if err != nil {
		return err
	}
	to, last, err := f.parent("rename", newName)
	if err != nil {
		return err
	}
	if before, ok := to.entries[last]; ok {
		switch {
		case before.file == nil:
			return &fsabstraction.NotRegularError{Op: "rename", Path: newName, Type: fsabstraction.Directory}
		case before.file == moved:
			return nil
		}
		before.file.unlink()
	}
	from, first, err := f.parent("rename", oldName)
	if err != nil {
		return err
	}
	to.entries[last] = from.entries[first]
	delete(from.entries, first)
	return nil
}

// Remove implements fsabstraction.FS.
func (f *FS) Remove(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	dir, last, err := f.parent("remove", name)
	if err != nil {
		return err
	}
	n, ok := dir.entries[last]
	switch {
	case !ok:
		return pathError("remove", name, fs.ErrNotExist)
	case len(n.entries) > 0:
		return pathError("remove", name, errNotEmpty)
	case n.file != nil:
		n.file.unlink()
	}
	delete(dir.entries, last)
	return nil
}

// MkdirAll implements fsabstraction.FS.
func (f *FS) MkdirAll(dir string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.root
	for _, part := range split(dir) {
		if n.entries == nil {
			break
		}
		next, ok := n.entries[part]
		if !ok {
			next = directory()
			n.entries[part] = next
		}
		n = next
	}
	if n.entries == nil {
		return pathError("mkdir", dir, errNotDirectory)
	}
	return nil
}

// SyncDir implements fsabstraction.DirSyncer.
func (f *FS) SyncDir(dir string) error {
	_, err := f.ReadDir(dir)
	return fsabstraction.NotTried(err)
}
