package directory

import (
	"github.com/thawlog/thaw/core/source"
)

// Name is one name in a listing of a store's directory.
type Name struct {
	Name string
	// Odd is set when the listing shows that the name is not a regular file. Otherwise
	// only a look at the name shows it.
	Odd bool
}

// Entry describes the file that a name leads to.
type Entry struct {
	Name string
	// Size in bytes.
	Size int64
	// Regular is false for directories, links and devices.
	Regular bool
	// Stamp changes when the name leads to other content than before. A file that only
	// grew may keep its stamp.
	Stamp uint64
	// ModTime changes when the content may have changed. It is only compared, and always 0
	// where files have no time.
	ModTime int64
}

// Files is a store's directory, read-only. It is safe for concurrent use. Its
// implementation says how long the sources stay readable.
//
// The number of segments grows with the store, and so would the cost of an open that
// looked at each. So List returns names without entries.
//
// Any error but [source.ErrGone] means that the system refused the call. It becomes a
// [source.ReadError] of the name unless it is one.
type Files interface {
	// List returns the names in any order. It should not cost more than reading
	// the directory.
	List() ([]Name, error)
	// Look returns the entry of a name now, listed or not. The error is [source.ErrGone]
	// when there is no such name.
	Look(name string) (Entry, error)
	// Open returns the content of a listed name. A segment's source may grow: it is as
	// long as the segment was at the last Look, and Open looks when there was none. The
	// source of a file that is replaced keeps the content it was opened with.
	Open(name string) (source.Source, error)
}

// Memory is a store's directory held in memory: names and content. It must not
// change while it is read.
type Memory map[string][]byte

// List returns the names. Every file is regular.
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
