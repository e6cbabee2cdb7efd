package index

import "github.com/thawlog/thaw/core/source"

// EachSection puts what f makes of each section in its place.
func (t *Tables) EachSection(f func(source.Source) source.Source) {
	for i, s := range t.section {
		t.section[i] = f(s)
	}
}

// SetTopSums lowers the number of checksums in a header until undo is called.
func SetTopSums(n uint64) (undo func()) {
	was := topSums
	topSums = n
	return func() { topSums = was }
}

// Levels is how many levels of checksums a file has.
func (f *File) Levels() int { return len(f.lay.levels) }
