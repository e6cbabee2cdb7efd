package crashfs

import (
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/thawlog/thaw/fsabstraction"
)

// Create implements fsabstraction.FS.
func (s *FS) Create(name string) (fsabstraction.WriteFile, error) {
	var f *file
	err := s.mutate(Op{Kind: Create, Name: name}, func() (func(), error) {
		d, base, err := s.parent("open", name)
		if err != nil {
			return nil, err
		}
		if _, ok := d.live.get(base); ok {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrExist}
		}
		return func() { f = s.create(d, base) }, nil
	})
	if err != nil {
		return nil, err
	}
	return &writeHandle{handle{fs: s, file: f, path: name}}, nil
}

func (s *FS) create(d *directory, base string) *file {
	f := &file{modTime: time.Now().UnixNano()}
	s.record(change{dir: d, entry: entry{name: base, file: f}})
	return f
}

// Rename implements fsabstraction.FS.
func (s *FS) Rename(oldName, newName string) error {
	return s.mutate(Op{Kind: Rename, Name: oldName, NewName: newName}, func() (func(), error) {
		f, err := s.regular("rename", oldName)
		if err != nil {
			return nil, err
		}
		from, oldBase, err := s.parent("rename", oldName)
		if err != nil {
			return nil, err
		}
		if _, err := s.regular("rename", newName); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		to, newBase, err := s.parent("rename", newName)
		if err != nil {
			return nil, err
		}
		if from == to && oldBase == newBase {
			return nil, nil
		}
		return func() {
			s.record(change{dir: to, entry: entry{name: newBase, file: f}, from: from, oldName: oldBase})
		}, nil
	})
}

// Remove implements fsabstraction.FS.
func (s *FS) Remove(name string) error {
	return s.mutate(Op{Kind: Remove, Name: name}, func() (func(), error) {
		e, err := s.lookup("remove", name)
		if err != nil {
			return nil, err
		}
		if e.dir != nil && len(e.dir.live) > 0 {
			return nil, &fs.PathError{Op: "remove", Path: name, Err: errNotEmpty}
		}
		d, base, err := s.parent("remove", name)
		if err != nil {
			return nil, err
		}
		return func() { s.record(change{dir: d, entry: entry{name: base}}) }, nil
	})
}

// MkdirAll implements fsabstraction.FS. It is one operation, however many directories it
// creates; each is a separate change of names.
func (s *FS) MkdirAll(dir string) error {
	return s.mutate(Op{Kind: MkdirAll, Name: dir}, func() (func(), error) {
		missing := 0
		path := filepath.Clean(dir)
		parts := split(path)
		for ; ; missing++ {
			_, err := s.directory("mkdir", path)
			if err == nil {
				break
			}
			if !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			path = filepath.Dir(path)
		}
		if missing == 0 {
			return nil, nil
		}
		return func() {
			d, _ := s.directory("mkdir", path)
			for _, part := range parts[len(parts)-missing:] {
				made := &directory{}
				s.record(change{dir: d, entry: entry{name: part, dir: made}})
				d = made
			}
		}, nil
	})
}

// SyncDir implements fsabstraction.DirSyncer.
func (s *FS) SyncDir(dir string) error {
	return s.mutate(Op{Kind: SyncDir, Name: dir}, func() (func(), error) {
		d, err := s.directory("sync", dir)
		return func() { s.syncDir(d) }, err
	})
}
