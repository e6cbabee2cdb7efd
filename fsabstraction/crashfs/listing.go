package crashfs

import (
	"slices"
	"strings"
)

// entry is a name with its file or its directory; the other pointer is nil.
type entry struct {
	name string
	file *file
	dir  *directory
}

// listing is a directory's entries, sorted by name. It is immutable, so it can be shared.
type listing []entry

// directory has no lock of its own; FS.mu guards it.
type directory struct {
	live, synced listing
}

func (l listing) find(name string) (int, bool) {
	return slices.BinarySearchFunc(l, name, func(e entry, name string) int { return strings.Compare(e.name, name) })
}

func (l listing) get(name string) (entry, bool) {
	i, ok := l.find(name)
	if !ok {
		return entry{}, false
	}
	return l[i], true
}

// with returns the listing with e in place of any entry of that name.
func (l listing) with(e entry) listing {
	i, ok := l.find(e.name)
	rest := i
	if ok {
		rest++
	}
	return slices.Concat(l[:i], listing{e}, l[rest:])
}

func (l listing) without(name string) listing {
	i, ok := l.find(name)
	if !ok {
		return l
	}
	return slices.Concat(l[:i], l[i+1:])
}
