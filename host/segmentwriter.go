package host

import (
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/fsabstraction"
)

// activeSegment is the segment that receives frames, or the next one.
type activeSegment struct {
	id     uint64
	name   string
	path   string
	header []byte                  // the first bytes of the file
	file   fsabstraction.WriteFile // nil before create
}

// planSegment returns a segment whose file does not exist yet.
func planSegment(dir string, id uint64, now time.Time) (*activeSegment, error) {
	if id == 0 { // one above the highest
		return nil, &LimitError{What: "segment id", Got: ^uint64(0), Max: ^uint64(0) - 1}
	}
	name := segment.Name(id)
	return &activeSegment{
		id: id, name: name, path: filepath.Join(dir, name),
		header: segment.AppendHeader(nil, segment.Header{CreatedNS: now.UnixNano(), SegmentID: id}),
	}, nil
}

// create creates the file with its header. It syncs neither the content, which the first
// sync of its frames does, nor the name, which the caller does.
func (a *activeSegment) create(fsys fsabstraction.FS) error {
	f, err := create(fsys, a.path)
	if err != nil {
		return &WriteError{Op: "create", Path: a.path, Err: err}
	}
	a.file = f
	if err := a.append(a.header, 0); err != nil {
		a.file = nil
		return &WriteError{Op: "write", Path: a.path, Err: errors.Join(err, f.Close(), fsys.Remove(a.path))}
	}
	return nil
}

// create creates a file. It accepts an existing empty file, which an attempt that failed after
// it took effect has left: only the writer uses that name.
func create(fsys fsabstraction.FS, path string) (fsabstraction.WriteFile, error) {
	f, err := fsys.Create(path)
	if !errors.Is(err, fs.ErrExist) {
		return f, err
	}
	info, there := fsys.Lstat(path)
	if there != nil || info.Type != fsabstraction.Regular || info.Size > 0 {
		return nil, err
	}
	if err := fsys.Remove(path); err != nil {
		return nil, err
	}
	return fsys.Create(path)
}

// append writes b at offset at, the end of the file.
func (a *activeSegment) append(b []byte, at int64) error {
	n, err := a.file.WriteAt(b, at)
	if err == nil && n < len(b) {
		err = errors.New("short write")
	}
	return err
}

// full reports whether the staged frames will fill the segment.
func (w *writer) full() bool {
	staged := uint64(len(w.log.Frames()))
	return (w.active != nil || staged > 0) && w.log.Offset()+staged >= uint64(w.options.SegmentSize)
}

// ensureSegment ensures that the next append has an active or planned segment with space. It
// only plans a new one: the file is created at the first write, so that a refused append
// leaves no trace. The staged group must be empty.
func (w *writer) ensureSegment() error {
	if w.full() {
		if err := w.seal(); err != nil {
			return err
		}
		w.flusher.sealed()
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
	size := int64(w.log.Offset())
	err := w.log.WriteFooter(func(b []byte) error {
		err := w.active.append(b, size)
		size += int64(len(b))
		return err
	})
	if err != nil {
		return w.undoWrite(err)
	}
	if err := w.active.file.Sync(); err != nil {
		return w.fail("sync", w.active.path, err)
	}
	w.unsynced = false
	a := w.active
	w.active, w.end = nil, artifact.Watermark{Segment: a.id, Offset: uint64(size)}
	w.sealedForReaders(a.name, size)
	w.show(w.end)
	w.mark.advance(uint64(size), w.options.Logger)
	if err := a.file.Close(); err != nil { // it is synced, so nothing is lost
		w.options.Logger.Warn("thaw: closing a segment failed", slog.String("file", a.path), slog.Any("error", err))
	}
	return nil
}

// sealedForReaders tells the readers' directory the length of a sealed segment: it knows a
// segment that is being written only up to its last event, and a compaction also reads the
// marker and the footer after that.
func (w *writer) sealedForReaders(name string, size int64) {
	v, err := w.versions.pin()
	if err != nil { // the store is closed, and nothing reads it
		return
	}
	v.files.grown(name, size)
	_ = v.release()
}

// begin creates the planned segment and makes it active. Its sync mark is on disk before the
// file exists, so that after a stop its bytes count as unproven. Its name is on disk before
// its first frame.
func (w *writer) begin() error {
	if w.unsure {
		path := filepath.Join(w.dir, segment.Name(w.end.Segment))
		if err := syncFile(w.fs, path); err != nil {
			if errors.Is(err, fsabstraction.ErrNotTried) {
				return &WriteError{Op: "sync", Path: path, Err: err}
			}
			return w.fail("sync", path, err)
		}
		w.unsure = false
	}
	if err := w.mark.begin(synced.Mark{Segment: w.next, First: w.log.First()}); err != nil {
		if errors.Is(err, errSync) {
			return w.fail("sync", w.mark.path, err)
		}
		return &WriteError{Op: "write", Path: w.mark.path, Err: err}
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
		err = w.addToReaders(a.name)
	}
	if err != nil {
		if undo := errors.Join(a.file.Close(), w.fs.Remove(a.path)); undo != nil {
			return w.fail("undo", a.path, errors.Join(err, undo))
		}
		a.file = nil
		return &WriteError{Op: "begin", Path: a.path, Err: err}
	}
	w.active, w.planned = a, nil
	w.next++
	return nil
}

// addToReaders adds a new segment to the readers' directory, so that readers notice if
// another file replaces it.
func (w *writer) addToReaders(name string) error {
	v, err := w.versions.pin()
	if err != nil {
		return err
	}
	return errors.Join(v.files.add(name), v.release())
}

// finish ends the log after the last request: it seals the active segment, or removes it if
// nothing was written to it.
func (w *writer) finish() error {
	if err := w.failed; err != nil {
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
		// Remove the sync mark after the segment, whose header was never synced: without
		// the mark, the remains after a power loss would be damage.
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

// close closes the files and returns err joined with their errors.
func (w *writer) close(err error) error {
	if w.active != nil {
		err = errors.Join(err, w.active.file.Close())
		w.active = nil
	}
	return errors.Join(err, w.mark.close())
}
