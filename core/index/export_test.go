package index

import "github.com/thawlog/thaw/core/source"

// EachSection puts what f makes of each section in its place.
func (t *Tables) EachSection(f func(source.Source) source.Source) {
	for i, s := range t.section {
		t.section[i] = f(s)
	}
}
