package directory

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/swap"
)

// Listing is the content of a directory at one moment. It has the names of all segments;
// [Listing.LookFrom] looks at those that an open needs, and [Listing.Size] at others on
// demand.
type Listing struct {
	// Segments are the segments by rising id.
	Segments []SegmentEntry
	// Others are the index files, synced.thaw and visibility_ranges.fbv, as far as they
	// exist and were looked at.
	Others map[string]Entry
	// Odd lists the names that have a segment's form and are not regular files.
	Odd []string
	// First is the id from which LookFrom has looked at every segment.
	First uint64

	files  Files
	mu     sync.Mutex       // guards the rest, and is held while looking
	looked map[uint64]Entry // at segments
	// failed is the first error of looking at a segment.
	failed error
}

// SegmentEntry is a segment. Below Listing.First, and before LookFrom, Entry has only the
// name.
type SegmentEntry struct {
	ID uint64
	Entry
}

// List looks at the files that come before the segments, and lists the segments. The error
// is [ErrSwap] when the names are those of a pending swap, so that files must be Resolved.
func List(files Files) (*Listing, error) {
	l := &Listing{files: files, Others: map[string]Entry{}, looked: map[uint64]Entry{}}
	var failed error
	for _, name := range first {
		failed = cmp.Or(failed, l.lookAt(name))
	}
	names, err := files.List()
	err = source.Failed("", -1, err)
	if err = cmp.Or(err, failed); err != nil { // a missing directory explains more
		return nil, err
	}
	l.Segments = make([]SegmentEntry, 0, len(names))
	for _, n := range names {
		if n.Name == swap.FileName {
			return nil, ErrSwap
		}
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

// lookAt looks at a file other than a segment, which may be missing.
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

// LookFrom looks at every segment from an id on, and then at visibility_ranges.fbv. The
// error is [source.ErrGone] when a segment went away after it was listed. Afterwards the
// listing does not change, except for the sizes that Size looks up.
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

// LookAtNewest returns l after another look at the newest segment, which must exist and be
// a regular file; otherwise the error is [source.ErrGone] or a [source.ReadError]. l does
// not change.
func (l *Listing) LookAtNewest() (*Listing, error) {
	newest := len(l.Segments) - 1
	if newest < 0 {
		return nil, source.ErrGone
	}
	name := l.Segments[newest].Name
	e, err := l.files.Look(name)
	if err == nil && !e.Regular {
		err = source.ErrGone
	}
	if err != nil {
		return nil, source.Failed(name, -1, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	n := &Listing{
		Segments: slices.Clone(l.Segments), Others: l.Others, Odd: l.Odd, First: l.First,
		files: l.files, looked: maps.Clone(l.looked), failed: l.failed,
	}
	n.Segments[newest].Entry = e
	n.looked[n.Segments[newest].ID] = e
	return n, nil
}

// Swapped reports whether files may have been swapped since the listing: then store.thaw,
// the first file that a swap renames, is another one. What was read meanwhile can be a mix.
// The error is a [source.ReadError].
func (l *Listing) Swapped() (bool, error) {
	if o, ok := l.files.(*overlay); ok { // of a swap that was pending: nothing else can begin before it ends
		return o.over()
	}
	was, had := l.Others[lineage.FileName]
	is, err := l.files.Look(lineage.FileName)
	if errors.Is(err, source.ErrGone) {
		return had, nil
	}
	return err == nil && (!had || is != was), source.Failed(lineage.FileName, -1, err)
}

// look returns the entry of a segment, and looks at it the first time. mu is held.
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

// Size returns the size of a segment, and looks at it the first time. ok is false when
// there is no such segment, and when looking failed; see [Listing.Failure]. It is safe for
// concurrent use.
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

// BytesAfter returns how many bytes the segments have from an offset in one of them on. It
// counts only segments that LookFrom looked at.
func (l *Listing) BytesAfter(id, offset uint64) (n uint64) {
	from, _ := l.search(id)
	for _, s := range l.Segments[from:] {
		size := uint64(max(s.Size, 0))
		if s.ID == id {
			size -= min(offset, size)
		}
		n += size
	}
	return n
}

// CountFrom returns the number of segments from an id on.
func (l *Listing) CountFrom(id uint64) int {
	from, _ := l.search(id)
	return len(l.Segments) - from
}

// Failure returns the first error of looking at a segment, or nil.
func (l *Listing) Failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}

// Name returns the file name of a segment, listed or not.
func (l *Listing) Name(id uint64) string {
	if i, ok := l.search(id); ok && l.Segments[i].Name != "" {
		return l.Segments[i].Name
	}
	return segment.Name(id)
}

// Has reports whether a segment is listed.
func (l *Listing) Has(id uint64) bool {
	_, ok := l.search(id)
	return ok
}

// search finds a segment by its id, or the place where it would be.
func (l *Listing) search(id uint64) (i int, ok bool) {
	return slices.BinarySearchFunc(l.Segments, id, func(s SegmentEntry, id uint64) int { return cmp.Compare(s.ID, id) })
}

// Highest returns the highest id in any name of a segment's form, regular file or not, and
// 0 when there is none.
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
