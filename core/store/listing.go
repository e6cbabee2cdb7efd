package store

import (
	"cmp"
	"errors"
	"slices"
	"sync"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/core/visibility"
)

// inFront are the files that are looked at before the segments. Those only grow,
// so a snapshot of the index that is written meanwhile does not seem to cover more
// than is there.
var inFront = [...]string{artifact.FileName, index.FileName, checkpoint.FileName, synced.FileName}

// behind is looked at after the segments, so that what is there and was cancelled
// is hidden.
const behind = visibility.FileName

// listing is what a directory held at one moment. Of the segments it knows the
// names; finish looks at those that an open is about, and size at others when it
// is asked, by any goroutine.
type listing struct {
	files    Files
	segments []listed // by rising id
	// other are the files that are no segments and were there when looked at.
	other map[string]Entry
	// odd names have the form of a segment's and are no regular file.
	odd []string
	// first is the id from which on finish has looked at every segment.
	first uint64

	mu    sync.Mutex       // guards the rest, and is held while looking
	asked map[uint64]Entry // what was looked at
	// failed is why a segment could not be looked at, the first time.
	failed error
}

// listed is a segment. Entry is no more than the name in front of listing.first, and
// everywhere before finish.
type listed struct {
	id uint64
	Entry
}

// list looks at what comes in front of the segments and lists those.
func list(files Files) (*listing, error) {
	l := &listing{files: files, other: map[string]Entry{}, asked: map[uint64]Entry{}}
	var failed error
	for _, name := range inFront {
		failed = cmp.Or(failed, l.lookAt(name))
	}
	names, err := files.List()
	err = source.Failed("", -1, err)
	if err = cmp.Or(err, failed); err != nil { // that there is no directory tells more
		return nil, err
	}
	l.segments = make([]listed, 0, len(names))
	for _, n := range names {
		id, ok := segment.ParseName(n.Name)
		switch {
		case !ok:
			if _, _, part := index.ParsePartName(n.Name); part {
				failed = cmp.Or(failed, l.lookAt(n.Name))
			}
		case n.Odd:
			l.odd = append(l.odd, n.Name)
		default:
			l.segments = append(l.segments, listed{id: id, Entry: Entry{Name: n.Name}})
		}
	}
	slices.Sort(l.odd)
	slices.SortFunc(l.segments, func(a, b listed) int { return cmp.Compare(a.id, b.id) })
	return l, failed
}

// ids are those of all segments, rising.
func (l *listing) ids() []uint64 {
	out := make([]uint64, len(l.segments))
	for i := range l.segments {
		out[i] = l.segments[i].id
	}
	return out
}

// lookAt looks at a file that is no segment and need not be there.
func (l *listing) lookAt(name string) error {
	e, err := l.files.Look(name)
	if errors.Is(err, ErrGone) {
		return nil
	}
	if err == nil {
		l.other[name] = e
	}
	return source.Failed(name, -1, err)
}

// finish looks at every segment from id first on, and then at what comes behind.
// The error is [ErrGone] when a segment that was asked for went away after it was
// listed. From then on all but size's knowledge stays as it is.
func (l *listing) finish(first uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.first = first
	l.segments = slices.DeleteFunc(l.segments, func(s listed) bool {
		e, looked := l.asked[s.id]
		if s.id >= first {
			e, looked = l.look(s)
		}
		odd := looked && !e.Regular
		if odd {
			l.odd = append(l.odd, s.Name)
		}
		return odd
	})
	slices.Sort(l.odd)
	from, _ := l.search(first)
	for i := from; i < len(l.segments); i++ {
		l.segments[i].Entry = l.asked[l.segments[i].id]
	}
	return cmp.Or(l.failed, l.lookAt(behind))
}

// look returns what a segment leads to, looking at it unless that was done. mu is
// held.
func (l *listing) look(s listed) (Entry, bool) {
	if e, ok := l.asked[s.id]; ok {
		return e, true
	}
	e, err := l.files.Look(s.Name)
	if err != nil {
		l.failed = cmp.Or(l.failed, source.Failed(s.Name, -1, err))
		return Entry{}, false
	}
	l.asked[s.id] = e
	return e, true
}

// size is the size of a segment, which is looked at when it was not. ok is false
// when there is none, and when looking failed, which failure tells.
func (l *listing) size(id uint64) (size uint64, ok bool) {
	i, ok := l.search(id)
	if !ok {
		return 0, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.look(l.segments[i])
	if !ok || !e.Regular {
		return 0, false
	}
	return uint64(max(e.Size, 0)), true
}

// failure is why a segment could not be looked at.
func (l *listing) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}

// sizes are the segments as a scan takes them. Those before l.first, which were not
// looked at, have no size.
func (l *listing) sizes() []replay.Segment {
	out := l.unsized()
	from, _ := l.search(l.first)
	for i := from; i < len(out); i++ {
		out[i].Size = l.segments[i].Size
	}
	return out
}

// unsized is sizes without any size.
func (l *listing) unsized() []replay.Segment {
	out := make([]replay.Segment, len(l.segments))
	for i := range out {
		out[i] = replay.Segment{ID: l.segments[i].id, Size: -1}
	}
	return out
}

// search finds a segment by its id, or where it would be.
func (l *listing) search(id uint64) (i int, ok bool) {
	return slices.BinarySearchFunc(l.segments, id, func(s listed, id uint64) int { return cmp.Compare(s.id, id) })
}

// highest is the highest id that a name of a segment's form has, whatever it leads
// to.
func (l *listing) highest() uint64 {
	highest := l.newest()
	for _, name := range l.odd {
		if id, ok := segment.ParseName(name); ok {
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
