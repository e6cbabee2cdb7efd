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

// indexFiles are the files of an index in a directory, for those who write them.
type indexFiles struct {
	fs     fsabstraction.FS
	dir    string
	logger *slog.Logger
}

// errUnheard is why a file of an index that could not be read is not replaced by the
// way: it may be all that tells of a loss. [Rebuild] does not look at it.
var errUnheard = errors.New("thaw: an index that could not be read is not replaced; open the store again, or rebuild it")

// unheard returns an error when a file of the index was there and could not be read,
// so that the store was opened without it.
func unheard(v *store.Snapshot) error {
	taken := append(v.IndexFiles().Names(), index.FileName) // which follows from index.fbati
	for _, r := range v.Report().Rejected {
		if r.Reason == damage.Unreadable && coredir.KindOf(r.File).Derived() && !slices.Contains(taken, r.File) {
			return fmt.Errorf("%w: %w", errUnheard, r)
		}
	}
	return nil
}

// write writes the files that f describes, makes them durable, and then
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
// checked again before the renames: a flush over a rotten index reads segments that
// the open did not.
func (x *indexFiles) write(v *store.Snapshot, f store.Flush, l *segmentSizes, accept bool, every int64) error {
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
	old := v.IndexFiles()
	names := []string{artifact.FileName, index.FileName}
	if f.First > 0 {
		names = []string{index.PartName(old.Files[f.First-1].End.Segment, f.To.Segment)}
	}
	err := replaceFiles(x.fs, x.dir, names, func(files []fsabstraction.WriteFile) error {
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
		err = syncDir(x.fs, x.dir)
	}
	if err != nil {
		return err
	}
	if err := removeParts(x.fs, x.dir, l.parts, append(old.Names()[:f.First], names...)); err != nil {
		x.leftover(err)
	}
	return nil
}

// prove makes the last segment durable when nothing shows that it is: an index must
// not vouch for what a power cut takes.
func (x *indexFiles) prove(end artifact.Watermark) error {
	if err := syncFile(x.fs, filepath.Join(x.dir, segment.Name(end.Segment))); err != nil {
		return err
	}
	return syncDir(x.fs, x.dir)
}

// saveLookups writes index.thaw when the lookups of index.fbati had to be made:
// another program wrote that. The next open then finds them.
func (x *indexFiles) saveLookups(v *store.Snapshot) {
	if !v.IndexFiles().Unsaved {
		return
	}
	err := replaceFile(x.fs, x.dir, index.FileName, func(f fsabstraction.WriteFile) error {
		return v.SaveIndex(syncing(f, 0))
	})
	if err = errors.Join(err, syncDir(x.fs, x.dir)); err != nil {
		x.logger.Warn("thaw: index.thaw was not written", slog.String("store", x.dir), slog.Any("error", err))
	}
}

// notWritten logs why there is no new index.
func (x *indexFiles) notWritten(err error) {
	x.logger.Warn("thaw: the index was not written", slog.String("store", x.dir), slog.Any("error", err))
}

// leftover logs that a file which is of no use any more could not be removed.
func (x *indexFiles) leftover(err error) {
	x.logger.Warn("thaw: a leftover could not be removed", slog.String("store", x.dir), slog.Any("error", err))
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
