package host

import (
	"errors"
	"log/slog"
	"path/filepath"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/fsabstraction"
)

// full reports whether the segment will be full with what is staged.
func (w *writer) full() bool {
	staged := uint64(len(w.log.Frames()))
	return (w.active != nil || staged > 0) && w.log.Offset()+staged >= uint64(w.options.SegmentSize)
}

// room makes sure that there is a segment that is not full, or the plan of one:
// the file is made when there is something to write, so that an append which is
// refused leaves no trace. Nothing may be staged.
func (w *writer) room() error {
	if w.full() {
		if err := w.seal(); err != nil {
			return err
		}
		w.rotated(w.end)
	}
	if w.active == nil {
		var err error
		if w.planned, err = planSegment(w.dir, w.next, w.options.Now()); err != nil {
			return err
		}
		w.log.Start(w.next, uint64(len(w.planned.header)))
	}
	return nil
}

// seal writes the footer of the active segment and closes it.
func (w *writer) seal() error {
	end := int64(w.log.Offset())
	footer := w.log.Footer(nil)
	if err := w.active.append(footer, end); err != nil {
		return w.takeBack(err)
	}
	if err := w.active.file.Sync(); err != nil {
		return w.fail("sync", w.active.path, err)
	}
	w.unsynced = false
	size := end + int64(len(footer))
	w.grew(w.active.name, size)
	w.mark.advance(uint64(size), w.options.Logger)
	a := w.active
	w.active, w.end = nil, artifact.Watermark{Segment: a.id, Offset: uint64(size)}
	if err := a.file.Close(); err != nil { // it is synced, so nothing is lost
		w.options.Logger.Warn("thaw: closing a segment failed", slog.String("file", a.path), slog.Any("error", err))
	}
	return nil
}

// begin makes the planned segment the active one. Its mark is on disk before it is
// made, so that whatever a stop leaves of it is known to be unproven; and its name
// is on disk before its first frame.
func (w *writer) begin() error {
	if w.unsure {
		path := filepath.Join(w.dir, segment.Name(w.end.Segment))
		if err := syncFile(w.fs, path); err != nil {
			if errors.Is(err, fsabstraction.ErrNotTried) {
				return &WriteError{"sync", path, err}
			}
			return w.fail("sync", path, err)
		}
		w.unsure = false
	}
	if err := w.mark.begin(synced.Mark{Segment: w.next, First: w.log.First()}); err != nil {
		if errors.Is(err, errSync) {
			return w.fail("sync", w.mark.path, err)
		}
		return &WriteError{"write", w.mark.path, err}
	}
	a := w.planned
	if err := a.create(w.fs); err != nil {
		return err
	}
	err := syncDir(w.fs, w.dir)
	if err != nil && !errors.Is(err, fsabstraction.ErrNotTried) {
		return w.fail("sync", w.dir, errors.Join(err, a.file.Close()))
	}
	if err == nil {
		err = w.began(a.name)
	}
	if err != nil {
		if undo := errors.Join(a.file.Close(), w.fs.Remove(a.path)); undo != nil {
			return w.fail("take back", a.path, errors.Join(err, undo))
		}
		a.file = nil
		return &WriteError{"begin", a.path, err}
	}
	w.active, w.planned = a, nil
	w.next++
	return nil
}

// finish ends the log behind the last request: the active segment is sealed, or
// goes away when nothing was written to it.
func (w *writer) finish() error {
	if err := w.failure(); err != nil {
		return w.close(err)
	}
	if w.active == nil {
		if w.mark.file == nil { // nothing was written
			return nil
		}
		return errors.Join(w.mark.remove(), syncDir(w.fs, w.dir))
	}
	if w.log.Offset() == uint64(len(w.active.header)) {
		path := w.active.path
		// The mark outlives the segment, whose header was never synced: without a
		// mark what a power cut leaves of it would be damage.
		if err := errors.Join(w.close(nil), w.fs.Remove(path), syncDir(w.fs, w.dir)); err != nil {
			return err
		}
		return errors.Join(w.mark.remove(), syncDir(w.fs, w.dir))
	}
	if err := w.seal(); err != nil {
		return w.close(err)
	}
	return errors.Join(w.mark.remove(), syncDir(w.fs, w.dir))
}

// close closes the files and returns err with what went wrong.
func (w *writer) close(err error) error {
	if w.active != nil {
		err = errors.Join(err, w.active.file.Close())
		w.active = nil
	}
	return errors.Join(err, w.mark.close())
}

// syncFile makes the content of a file durable. As with SyncDir, an error may be a
// fsabstraction.ErrNotTried.
func syncFile(fs fsabstraction.FS, path string) error {
	f, err := fs.OpenWrite(path)
	if err != nil {
		return fsabstraction.NotTried(err)
	}
	return errors.Join(f.Sync(), f.Close())
}

// syncDir makes the names in dir durable, where the file system can.
func syncDir(fs fsabstraction.FS, dir string) error {
	d, ok := fs.(fsabstraction.DirSyncer)
	if !ok {
		return nil
	}
	if err := d.SyncDir(dir); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}
