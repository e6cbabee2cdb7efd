package directory

import (
	"github.com/thawlog/thaw/core/source"
)

// Name is one name in a store's directory, as listing it tells.
type Name struct {
	Name string
	// Odd says that it is known to be no regular file. Where a listing does not
	// tell, it is false, and looking at the name tells.
	Odd bool
}

// Entry is what a name leads to, as looking at it tells.
type Entry struct {
	Name string
	// Size in bytes.
	Size int64
	// Regular is false for directories, links and devices.
	Regular bool
	// Stamp changes when the name leads to other content than before. A file
	// that only grew may keep its stamp.
	Stamp uint64
}

// Files is a store's directory, read-only. It is safe for concurrent use, and
// the sources stay readable for as long as whoever made the Files says.
//
// A store has a segment for every so many bytes of events, so looking at each
// would make an open cost more the larger the store is. Hence names come without
// what they lead to.
//
// Every error but [source.ErrGone] means that the system refused, and becomes a
// [source.ReadError] of the name unless it is one.
type Files interface {
	// List returns the names in any order. It should not cost more than reading
	// the directory.
	List() ([]Name, error)
	// Look says what a name leads to now. It need not have been listed. The error
	// is [source.ErrGone] when the name is not there.
	Look(name string) (Entry, error)
	// Open returns the content of a listed name. A segment's source may grow; it
	// is as long as the segment was when it was last looked at, and looks at one
	// that was not. A file that is replaced under its name keeps the content it
	// was opened with.
	Open(name string) (source.Source, error)
}

// Memory is a store's directory held in memory: names and content. It must not
// change while it is read.
type Memory map[string][]byte

// List returns the names. Every file is a regular one.
func (m Memory) List() ([]Name, error) {
	out := make([]Name, 0, len(m))
	for name := range m {
		out = append(out, Name{Name: name})
	}
	return out, nil
}

// Look returns a file's size, or [source.ErrGone].
func (m Memory) Look(name string) (Entry, error) {
	b, ok := m[name]
	if !ok {
		return Entry{}, source.ErrGone
	}
	return Entry{Name: name, Size: int64(len(b)), Regular: true}, nil
}

// Open returns a file's bytes, or [source.ErrGone].
func (m Memory) Open(name string) (source.Source, error) {
	b, ok := m[name]
	if !ok {
		return nil, source.ErrGone
	}
	return source.Bytes(b), nil
}

// Open opens a file of a store. The error is [source.ErrGone] or a [source.ReadError] that
// names the file.
func Open(files Files, name string) (source.Source, error) {
	src, err := files.Open(name)
	if err != nil {
		return nil, source.Failed(name, -1, err)
	}
	return src, nil
}
