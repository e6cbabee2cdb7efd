package crashfs

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/thawlog/thaw/fsabstraction"
)

var (
	errNotDirectory = errors.New("not a directory")
	errNotEmpty     = errors.New("directory not empty")
)

// split returns the elements of a path; none for the root.
func split(name string) []string {
	var parts []string
	for part := range strings.SplitSeq(filepath.ToSlash(filepath.Clean(name)), "/") {
		if part != "" && part != "." && part != ".." {
			parts = append(parts, part)
		}
	}
	return parts
}

// lookup returns the entry of name.
func (s *FS) lookup(op, name string) (entry, error) {
	e := entry{dir: s.root}
	for _, part := range split(name) {
		if e.dir == nil {
			return entry{}, &fs.PathError{Op: op, Path: name, Err: errNotDirectory}
		}
		next, ok := e.dir.live.get(part)
		if !ok {
			return entry{}, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		}
		e = next
	}
	return e, nil
}

func (s *FS) directory(op, name string) (*directory, error) {
	e, err := s.lookup(op, name)
	if err != nil {
		return nil, err
	}
	if e.dir == nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: errNotDirectory}
	}
	return e.dir, nil
}

// parent returns the directory of name, which must exist, and the last element of name.
func (s *FS) parent(op, name string) (*directory, string, error) {
	parts := split(name)
	if len(parts) == 0 {
		return nil, "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	d, err := s.directory(op, filepath.Dir(filepath.Clean(name)))
	return d, parts[len(parts)-1], err
}

func (s *FS) regular(op, name string) (*file, error) {
	e, err := s.lookup(op, name)
	if err != nil {
		return nil, err
	}
	if e.file == nil {
		return nil, &fsabstraction.NotRegularError{Op: op, Path: name, Type: fsabstraction.Directory}
	}
	return e.file, nil
}
