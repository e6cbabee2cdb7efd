package store

import (
	"errors"
	"slices"

	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// Entry is one name in a store's directory.
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
type Files interface {
	// List returns the names in any order.
	List() ([]Entry, error)
	// Open returns the content of a listed name. A segment's source may grow; a
	// file that is replaced under its name keeps the content it was opened with.
	Open(name string) (source.Source, error)
}

// ErrGone is what Files return for a name that is no longer there.
var ErrGone = errors.New("store: the file is gone")

// Memory is a store's directory held in memory: names and content. It must not
// change while it is read.
type Memory map[string][]byte

// List returns the names. Every file is a regular one.
func (m Memory) List() ([]Entry, error) {
	out := make([]Entry, 0, len(m))
	for name, b := range m {
		out = append(out, Entry{Name: name, Size: int64(len(b)), Regular: true})
	}
	return out, nil
}

// Open returns a file's bytes, or [ErrGone].
func (m Memory) Open(name string) (source.Source, error) {
	b, ok := m[name]
	if !ok {
		return nil, ErrGone
	}
	return source.Bytes(b), nil
}

// listing is what a directory held at one moment.
type listing struct {
	segments []listed // by rising id
	other    map[string]Entry
	// odd names have the form of a segment's and are no regular file.
	odd []Entry
}

type listed struct {
	id uint64
	Entry
}

func list(files Files) (*listing, error) {
	entries, err := files.List()
	if err != nil {
		return nil, err
	}
	l := &listing{other: map[string]Entry{}}
	for _, e := range entries {
		id, ok := segment.ParseName(e.Name)
		switch {
		case !ok:
			l.other[e.Name] = e
		case !e.Regular:
			l.odd = append(l.odd, e)
		default:
			l.segments = append(l.segments, listed{id, e})
		}
	}
	slices.SortFunc(l.segments, func(a, b listed) int {
		if a.id < b.id {
			return -1
		}
		return 1
	})
	return l, nil
}

// size is the size of a segment.
func (l *listing) size(id uint64) (uint64, bool) {
	i, ok := slices.BinarySearchFunc(l.segments, id, func(s listed, id uint64) int {
		switch {
		case s.id < id:
			return -1
		case s.id > id:
			return 1
		}
		return 0
	})
	if !ok {
		return 0, false
	}
	return uint64(max(l.segments[i].Size, 0)), true
}

// ids are those of all segments, rising.
func (l *listing) ids() []uint64 {
	out := make([]uint64, len(l.segments))
	for i := range l.segments {
		out[i] = l.segments[i].id
	}
	return out
}

// highest is the highest id that a name of a segment's form has, whatever it leads
// to.
func (l *listing) highest() uint64 {
	highest := l.newest()
	for _, e := range l.odd {
		if id, ok := segment.ParseName(e.Name); ok {
			highest = max(highest, id)
		}
	}
	return highest
}

// newest is the highest segment id, 0 when there is none.
func (l *listing) newest() uint64 {
	if len(l.segments) == 0 {
		return 0
	}
	return l.segments[len(l.segments)-1].id
}
