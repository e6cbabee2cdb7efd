package directory

import (
	"cmp"
	"errors"
	"slices"

	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// LookAll looks at every name of a directory, in the order of an open: index files,
// segments, hidden ranges. It leaves out names that go away meanwhile. It returns the names
// as they are, those of a pending swap too. The error is a
// [source.ReadError], or [source.ErrGone] when files were swapped meanwhile.
func LookAll(files Files) ([]Entry, error) {
	var out []Entry
	look := func(name string) error {
		e, err := files.Look(name)
		if errors.Is(err, source.ErrGone) {
			return nil
		}
		if err == nil {
			out = append(out, e)
		}
		return source.Failed(name, -1, err)
	}
	var failed error
	for _, name := range first {
		failed = cmp.Or(failed, look(name))
	}
	names, err := files.List()
	err = source.Failed("", -1, err)
	if err = cmp.Or(err, failed); err != nil {
		return nil, err
	}
	var segments []string
	for _, n := range names {
		if _, ok := segment.ParseName(n.Name); ok {
			segments = append(segments, n.Name)
		} else if n.Name != last && !slices.Contains(first[:], n.Name) { // part files among them
			if err := look(n.Name); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range append(segments, last) {
		if err := look(name); err != nil {
			return nil, err
		}
	}
	l := Listing{files: files, Others: map[string]Entry{}}
	for _, e := range out[:min(len(out), 1)] { // store.thaw was looked at first
		l.Others[e.Name] = e
	}
	swapped, err := l.Swapped()
	if swapped && err == nil {
		err = source.ErrGone
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}
