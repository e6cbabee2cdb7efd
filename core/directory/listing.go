package directory

import (
	"cmp"
	"errors"
	"slices"
	"sync"

	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// Listing is what a directory held at one moment. Of the segments it knows the
// names; [Listing.LookFrom] looks at those that an open needs, and [Listing.Size] at
// others when it is asked.
type Listing struct {
	// Segments are the segments by rising id.
	Segments []SegmentEntry
	// Others are the files that hold an index, synced.thaw and visibility_ranges.fbv,
	// as far as they are there and were looked at.
	Others map[string]Entry
	// Odd lists the names that have the form of a segment's and lead to no regular
	// file.
	Odd []string
	// First is the id from which on LookFrom has looked at every segment.
	First uint64

	files  Files
	mu     sync.Mutex       // guards the rest, and is held while looking
	looked map[uint64]Entry // at segments
	// failed is why a segment could not be looked at, the first time.
	failed error
}

// SegmentEntry is a segment. Entry holds no more than the name below Listing.First,
// and everywhere before LookFrom.
type SegmentEntry struct {
	ID uint64
	Entry
}

// List looks at the files that come before the segments and lists those.
func List(files Files) (*Listing, error) {
	l := &Listing{files: files, Others: map[string]Entry{}, looked: map[uint64]Entry{}}
	var failed error
	for _, name := range first {
		failed = cmp.Or(failed, l.lookAt(name))
	}
	names, err := files.List()
	err = source.Failed("", -1, err)
	if err = cmp.Or(err, failed); err != nil { // that there is no directory tells more
		return nil, err
	}
	l.Segments = make([]SegmentEntry, 0, len(names))
	for _, n := range names {
		id, ok := segment.ParseName(n.Name)
		switch {
		case !ok:
			if _, _, part := index.ParsePartName(n.Name); part {
				failed = cmp.Or(failed, l.lookAt(n.Name))
			}
		case n.Odd:
			l.Odd = append(l.Odd, n.Name)
		default:
			l.Segments = append(l.Segments, SegmentEntry{ID: id, Entry: Entry{Name: n.Name}})
		}
	}
	slices.Sort(l.Odd)
	slices.SortFunc(l.Segments, func(a, b SegmentEntry) int { return cmp.Compare(a.ID, b.ID) })
	return l, failed
}

// IDs returns the ids of all segments, rising.
func (l *Listing) IDs() []uint64 {
	out := make([]uint64, len(l.Segments))
	for i := range l.Segments {
		out[i] = l.Segments[i].ID
	}
	return out
}

// lookAt looks at a file that is no segment and need not be there.
func (l *Listing) lookAt(name string) error {
	e, err := l.files.Look(name)
	if errors.Is(err, source.ErrGone) {
		return nil
	}
	if err == nil {
		l.Others[name] = e
	}
	return source.Failed(name, -1, err)
}

// LookFrom looks at every segment from an id on, and then at
// visibility_ranges.fbv. The error is [source.ErrGone] when a segment that was looked at
// went away after it was listed. Afterwards the listing no longer changes, but for
// the sizes that Size asks for.
func (l *Listing) LookFrom(id uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.First = id
	l.Segments = slices.DeleteFunc(l.Segments, func(s SegmentEntry) bool {
		e, looked := l.looked[s.ID]
		if s.ID >= id {
			e, looked = l.look(s)
		}
		odd := looked && !e.Regular
		if odd {
			l.Odd = append(l.Odd, s.Name)
		}
		return odd
	})
	slices.Sort(l.Odd)
	from, _ := l.search(id)
	for i := from; i < len(l.Segments); i++ {
		l.Segments[i].Entry = l.looked[l.Segments[i].ID]
	}
	return cmp.Or(l.failed, l.lookAt(last))
}

// look returns what the name of a segment leads to, and looks at it unless that was
// done. mu is held.
func (l *Listing) look(s SegmentEntry) (Entry, bool) {
	if e, ok := l.looked[s.ID]; ok {
		return e, true
	}
	e, err := l.files.Look(s.Name)
	if err != nil {
		l.failed = cmp.Or(l.failed, source.Failed(s.Name, -1, err))
		return Entry{}, false
	}
	l.looked[s.ID] = e
	return e, true
}

// Size returns the size of a segment, at which it looks if that was not done. ok is
// false when there is no such segment, and when looking failed, see
// [Listing.Failure]. It may be called by any goroutine.
func (l *Listing) Size(id uint64) (size uint64, ok bool) {
	i, ok := l.search(id)
	if !ok {
		return 0, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.look(l.Segments[i])
	if !ok || !e.Regular {
		return 0, false
	}
	return uint64(max(e.Size, 0)), true
}

// Failure returns why a segment could not be looked at, or nil.
func (l *Listing) Failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}

// Has reports whether a segment is listed.
func (l *Listing) Has(id uint64) bool {
	_, ok := l.search(id)
	return ok
}

// search finds a segment by its id, or where it would be.
func (l *Listing) search(id uint64) (i int, ok bool) {
	return slices.BinarySearchFunc(l.Segments, id, func(s SegmentEntry, id uint64) int { return cmp.Compare(s.ID, id) })
}

// Highest returns the highest id that a name of a segment's form has, whatever the
// name leads to, and 0 when there is none.
func (l *Listing) Highest() uint64 {
	highest := l.Newest()
	for _, name := range l.Odd {
		if id, ok := segment.ParseName(name); ok {
			highest = max(highest, id)
		}
	}
	return highest
}

// Newest returns the highest id of a segment, 0 when there is none.
func (l *Listing) Newest() uint64 {
	if len(l.Segments) == 0 {
		return 0
	}
	return l.Segments[len(l.Segments)-1].ID
}
