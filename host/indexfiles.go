package host

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync/atomic"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	coredir "github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/fsabstraction"
)

// indexFiles writes the index files of a directory.
type indexFiles struct {
	fs     fsabstraction.FS
	dir    string
	logger *slog.Logger
	memory int           // Options.IndexMemory
	made   *atomic.Int64 // number of scratch files
}

// errUnreadable is the error of a flush that would replace an index file that could not be
// read: it may be the only record of a loss. [Rebuild] ignores that file.
var errUnreadable = errors.New("thaw: an unreadable index is not replaced; reopen the store, or rebuild it")

// unreadable returns an error if an index file exists and could not be read, so that the
// store was opened without it. One that was cut off while it was read is a damaged file like
// any other: no later reading has more of it.
func unreadable(v *store.Snapshot) error {
	taken := append(v.IndexFiles().Names(), index.FileName) // derived from index.fbati
	for _, r := range v.Report().Rejected {
		if r.Reason == damage.Unreadable && !errors.Is(r, source.ErrShort) && coredir.KindOf(r.File).Derived() && !slices.Contains(taken, r.File) {
			return fmt.Errorf("%w: %w", errUnreadable, r)
		}
	}
	return nil
}

// write writes the files of f, makes them durable, and then removes the part files that they
// replace. It logs a part that cannot be removed, which is harmless. The steps, each on disk
// before the next:
//
//  1. write the new files under temporary names
//  2. rename them, index.fbati before index.thaw
//  3. remove the parts that they include
//
// After a stop between two steps, the store is read from the existing files: an index.thaw
// that does not belong to index.fbati is refused, and of two part files the longer one is
// used.
//
// before, unless nil, is called when the files are written, before the first rename. Its
// error leaves the index as it was.
//
// A damaged store is refused unless accept is set. The damage is checked again before the
// renames: a flush over a corrupt index reads segments that the open did not.
func (x *indexFiles) write(v *store.Snapshot, f store.Flush, l *segmentSizes, accept bool, every int64, before func() error) error {
	if err := sound(v, accept); err != nil {
		return err
	}
	if f.To.Segment == 0 { // without a segment there is nothing to cover
		return nil
	}
	f.Segments, f.Sizes = l.ids, l.size
	f.Scratch, f.Memory = scratchSpace{fs: x.fs, dir: x.dir, made: x.made}, x.memory
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
		if err := cmp.Or(v.Flush(f, into[0], into[len(into)-1]), sound(v, accept)); err != nil {
			return cmp.Or(l.failed, err)
		}
		for i := 0; every > 0 && i < len(files); i++ { // before others have to wait
			if err := files[i].Sync(); err != nil {
				return err
			}
		}
		if before == nil {
			return nil
		}
		return before()
	})
	if err == nil {
		err = syncDir(x.fs, x.dir)
	}
	if err != nil {
		return err
	}
	keep := append(old.Names()[:f.First:f.First], names...)
	if f.Last > 0 {
		keep = append(keep, old.Names()[f.Last:]...)
	}
	if err := removeParts(x.fs, x.dir, l.parts, keep); err != nil {
		x.leftover(err)
	}
	return nil
}

// sound returns an error for a damaged store, unless that is accepted, and for one of which an
// index file could not be read.
func sound(v *store.Snapshot, accept bool) error {
	if r := v.Report(); r.Damaged() != nil && !accept {
		return fmt.Errorf("%w: %w", ErrDamaged, r.Damaged())
	}
	return unreadable(v)
}

// prove syncs the last segment if it may not be on disk: an index must not cover events that
// power loss can remove.
func (x *indexFiles) prove(end artifact.Watermark) error {
	if err := syncFile(x.fs, filepath.Join(x.dir, segment.Name(end.Segment))); err != nil {
		return err
	}
	return syncDir(x.fs, x.dir)
}

// saveIndex writes index.thaw if the open had to build the index over index.fbati, because
// another program wrote that file. The next open then reads it.
func (x *indexFiles) saveIndex(v *store.Snapshot) {
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

// notWritten logs the error of a flush.
func (x *indexFiles) notWritten(err error) {
	x.logger.Warn("thaw: the index was not written", slog.String("store", x.dir), slog.Any("error", err))
}

// leftover logs that an obsolete file could not be removed.
func (x *indexFiles) leftover(err error) {
	x.logger.Warn("thaw: a leftover could not be removed", slog.String("store", x.dir), slog.Any("error", err))
}

// syncing returns a function that writes to f and begins to sync it after every bytes, 0 for
// never.
func syncing(f fsabstraction.WriteFile, every int64) flush.Write {
	written, begun, end := int64(0), int64(0), int64(0)
	return func(off int64, b []byte) error {
		if _, err := f.WriteAt(b, off); err != nil {
			return err
		}
		end = max(end, off+int64(len(b)))
		if written += int64(len(b)); every > 0 && written-begun >= every {
			whole := wholeSync(begun, written)
			begun = written
			return startSync(f, end, whole)
		}
		return nil
	}
}

// removeParts removes the part files that are not in keep.
func removeParts(fs fsabstraction.FS, dir string, parts, keep []string) error {
	var errs []error
	for _, name := range parts {
		if !slices.Contains(keep, name) {
			errs = append(errs, removeFile(fs, filepath.Join(dir, name)))
		}
	}
	return errors.Join(errs...)
}
