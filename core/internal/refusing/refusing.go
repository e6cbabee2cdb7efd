// Package refusing is a store's directory of which calls fail, as a system's do that
// has no descriptor, permission or memory left. Only tests import it.
package refusing

import (
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/source"
)

// Files are a store's files of which the nth call fails, counted from 1, and with
// forever every later one: listing, looking, opening and reading. They are for one
// goroutine.
type Files struct {
	directory.Memory
	Nth     int
	Forever bool
	Err     error
	// Only, when set, is the file whose opening and reading fails; other calls are not
	// counted.
	Only string
	// Calls is how many calls there were.
	Calls int
}

func (f *Files) fails(name string) bool {
	if f.Only != "" && f.Only != name {
		return false
	}
	f.Calls++
	return f.Calls == f.Nth || f.Forever && f.Calls > f.Nth && f.Nth > 0
}

// List implements directory.Files.
func (f *Files) List() ([]directory.Name, error) {
	if f.fails("") {
		return nil, f.Err
	}
	return f.Memory.List()
}

// Look implements directory.Files.
func (f *Files) Look(name string) (directory.Entry, error) {
	if f.Only == "" && f.fails(name) {
		return directory.Entry{}, f.Err
	}
	return f.Memory.Look(name)
}

// Open implements directory.Files.
func (f *Files) Open(name string) (source.Source, error) {
	if f.fails(name) {
		return nil, f.Err
	}
	src, err := f.Memory.Open(name)
	if err != nil {
		return nil, err
	}
	return file{Source: src, files: f, name: name}, nil
}

// file is no memory, so that it is read by calls.
type file struct {
	source.Source
	files *Files
	name  string
}

// ReadAt implements source.Source.
func (f file) ReadAt(p []byte, off int64) (int, error) {
	if f.files.fails(f.name) {
		return 0, f.files.Err
	}
	return f.Source.ReadAt(p, off)
}
