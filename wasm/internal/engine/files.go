package engine

import (
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/wasm/abi"
)

// file is one file of a store, as the host declared it.
type file struct {
	number uint32
	size   int64
	odd    bool
	source source.Source
	// next is where the last read by windows ended; ahead is the number of blocks of the
	// next read if it continues there.
	next, ahead uint64
	// chunk is the most recently used chunk of the cache's table.
	chunk       *chunk
	chunkNumber uint64
}

// files is a store's directory. Declared files do not change, so it implements
// directory.Files for one moment.
type files struct {
	byName map[string]*file
	names  []directory.Name
	held   []*buffer // with files in them
	cache  cache
}

// add declares a file; data is nil for a file read by windows.
func (f *files) add(name string, size int64, odd bool, in *buffer, data []byte) (uint32, abi.Code) {
	switch {
	case len(f.names) >= abi.MaxFiles:
		return 0, abi.ErrLimit
	case f.byName[name] != nil:
		return 0, abi.ErrName
	}
	if f.byName == nil {
		f.byName = map[string]*file{}
	}
	entry := &file{number: uint32(len(f.names)), size: size, odd: odd}
	if in != nil {
		in.files++
		f.held = append(f.held, in)
		entry.source = source.Bytes(data)
	} else {
		entry.source = &window{file: entry, cache: &f.cache}
	}
	f.byName[name] = entry
	f.names = append(f.names, directory.Name{Name: name, Odd: odd})
	return entry.number, 0
}

// release releases the buffers.
func (f *files) release() {
	for _, b := range f.held {
		b.files--
	}
	f.held = nil
}

// List implements directory.Files.
func (f *files) List() ([]directory.Name, error) { return append([]directory.Name{}, f.names...), nil }

// Look implements directory.Files.
func (f *files) Look(name string) (directory.Entry, error) {
	e := f.byName[name]
	if e == nil {
		return directory.Entry{}, source.ErrGone
	}
	return directory.Entry{Name: name, Size: e.size, Regular: !e.odd}, nil
}

// Open implements directory.Files.
func (f *files) Open(name string) (source.Source, error) {
	e := f.byName[name]
	if e == nil {
		return nil, source.ErrGone
	}
	return e.source, nil
}
