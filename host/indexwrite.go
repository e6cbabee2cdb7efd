package host

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	coredir "github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/fsabstraction"
)

// ErrDamaged is why a damaged store gets no new index: one that covered the damage
// would keep the next open from seeing it. [Rebuild] makes one when told to.
var ErrDamaged = errors.New("thaw: a damaged store gets no new index")

// errUnheard is why a file of an index that could not be read is not replaced by the
// way: it may be all that tells of a loss. [Rebuild] does not look at it.
var errUnheard = errors.New("thaw: an index that could not be read is not replaced; open the store again, or rebuild it")

// unheard returns an error when a file of the index was there and could not be read,
// so that the store was opened without it.
func unheard(v *store.Snapshot) error {
	taken := append(v.FileNames(len(v.FileParts())), index.FileName) // which follows from index.fbati
	for _, r := range v.Report().Rejected {
		if r.Reason == damage.Unreadable && coredir.KindOf(r.File).Derived() && !slices.Contains(taken, r.File) {
			return fmt.Errorf("%w: %w", errUnheard, r)
		}
	}
	return nil
}

// segmentSizes is how long the segments of a directory are, as far as was asked.
type segmentSizes struct {
	fs    fsabstraction.FS
	dir   string
	ids   []uint64 // rising
	known map[uint64]uint64
	parts []string // names of part files
	// failed is why a segment's size could not be had, the first time.
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

// size is the size of a segment; ok is false when there is none.
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

// behind is how many bytes, in how many segments, lie behind a place.
func (l *segmentSizes) behind(w artifact.Watermark) (bytes, segments uint64) {
	for _, id := range l.ids {
		size, _ := l.size(id)
		switch {
		case id < w.Segment || id == w.Segment && size <= w.Offset:
			continue
		case id == w.Segment:
			size -= w.Offset
		}
		bytes += size
		segments++
	}
	return bytes, segments
}

// writeIndex writes the files that f describes, makes them durable, and then
// removes the part files that they stand for; one that stays is told and does no
// harm. The steps, each on disk before the next:
//
//  1. the new files are there under temporary names
//  2. they have their names, index.fbati before index.thaw
//  3. parts that are in them are gone
//
// A stop between two of them leaves a store that is read from what is there: an
// index.thaw that is not that of index.fbati is not believed, and of two part
// files the longer one is taken.
//
// A damaged store is refused unless accept says that its damage is known. That is
// asked again before anything gets its name: a fold over a rotten index reads
// segments that nobody had read.
func (s *Store) writeIndex(v *store.Snapshot, f store.Flush, l *segmentSizes, accept bool, every int64) error {
	sound := func() error {
		if r := v.Report(); r.Damaged() != nil && !accept {
			return fmt.Errorf("%w: %w", ErrDamaged, r.Damaged())
		}
		return unheard(v)
	}
	if err := sound(); err != nil {
		return err
	}
	if f.To.Segment == 0 { // without a segment there is nothing to cover
		return nil
	}
	f.Segments, f.Sizes = l.ids, l.size
	names := []string{artifact.FileName, index.FileName}
	if f.First > 0 {
		names = []string{index.PartName(v.PartEnd(f.First-1).Segment, f.To.Segment)}
	}
	err := replaceFiles(s.options.FS, s.path, names, func(files []fsabstraction.WriteFile) error {
		into := make([]flush.Write, len(files))
		for i, file := range files {
			into[i] = syncing(file, every)
		}
		if err := cmp.Or(v.Flush(f, into[0], into[len(into)-1]), sound()); err != nil {
			return cmp.Or(l.failed, err)
		}
		return nil
	})
	if err == nil {
		err = syncDir(s.options.FS, s.path)
	}
	if err != nil {
		return err
	}
	if err := removeParts(s.options.FS, s.path, l.parts, append(v.FileNames(f.First), names...)); err != nil {
		s.leftover(err)
	}
	return nil
}

// leftover tells that a file which is of no use any more could not be removed.
func (s *Store) leftover(err error) {
	s.options.Logger.Warn("thaw: a leftover could not be removed", slog.String("store", s.path), slog.Any("error", err))
}

// syncing writes to a file and syncs it every so many bytes, 0 for never. A sync
// of the log that comes in between then has little to wait for.
func syncing(f fsabstraction.WriteFile, every int64) flush.Write {
	written := int64(0)
	return func(off int64, b []byte) error {
		if _, err := f.WriteAt(b, off); err != nil {
			return err
		}
		if written += int64(len(b)); every > 0 && written >= every {
			written = 0
			return f.Sync()
		}
		return nil
	}
}

// removeParts removes the part files that are not to be kept.
func removeParts(fs fsabstraction.FS, dir string, parts, keep []string) error {
	var errs []error
	for _, name := range parts {
		if !slices.Contains(keep, name) {
			errs = append(errs, removeFile(fs, filepath.Join(dir, name)))
		}
	}
	return errors.Join(errs...)
}
