// Package refusing provides a store's directory whose calls fail, as in a process
// without descriptors, permissions or memory. Only tests import it.
package refusing

import (
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/source"
)

// Files is a store's directory whose nth call fails, counted from 1, and with
// forever every later one too. Listing, looking, opening and reading count. It
// is for one goroutine.
type Files struct {
	directory.Memory
	Nth     int
	Forever bool
	Err     error
	// Only, when set, names the one file whose opens and reads fail. Other
	// calls are not counted then.
	Only string
	// Calls counts the calls so far.
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

// file does not implement source.Memory, so that it is read by calls.
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
