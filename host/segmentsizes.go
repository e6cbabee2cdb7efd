package host

import (
	"cmp"
	"path/filepath"
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/fsabstraction"
)

// segmentSizes caches the sizes of the segments of a directory.
type segmentSizes struct {
	fs    fsabstraction.FS
	dir   string
	ids   []uint64 // ascending
	known map[uint64]uint64
	parts []string // names of part files
	// failed is the first error of looking up a size.
	failed error
}

// listSegments lists the segments up to the end of a log.
func listSegments(fs fsabstraction.FS, dir string, end artifact.Watermark) (*segmentSizes, error) {
	names, err := fs.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	l := &segmentSizes{fs: fs, dir: dir, known: map[uint64]uint64{end.Segment: end.Offset}}
	for _, n := range names {
		if n.Type != fsabstraction.Regular {
			continue
		}
		if id, ok := segment.ParseName(n.Name); ok && id <= end.Segment {
			l.ids = append(l.ids, id)
		} else if _, _, ok := index.ParsePartName(n.Name); ok {
			l.parts = append(l.parts, n.Name)
		}
	}
	slices.Sort(l.ids)
	return l, nil
}

// size returns the size of a segment; ok is false if it does not exist.
func (l *segmentSizes) size(id uint64) (size uint64, ok bool) {
	if size, ok = l.known[id]; ok {
		return size, true
	}
	if _, ok = slices.BinarySearch(l.ids, id); !ok {
		return 0, false
	}
	info, err := l.fs.Lstat(filepath.Join(l.dir, segment.Name(id)))
	if err != nil {
		l.failed = cmp.Or(l.failed, err)
		return 0, false
	}
	l.known[id] = uint64(max(info.Size, 0))
	return l.known[id], true
}

// after returns the number of bytes after w, and of the segments that hold them.
func (l *segmentSizes) after(w artifact.Watermark) (bytes, segments uint64) {
	first, _ := slices.BinarySearch(l.ids, w.Segment) // no look at those before it
	for _, id := range l.ids[first:] {
		size, _ := l.size(id)
		switch {
		case id == w.Segment && size <= w.Offset:
			continue
		case id == w.Segment:
			size -= w.Offset
		}
		bytes += size
		segments++
	}
	return bytes, segments
}
