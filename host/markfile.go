package host

import (
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"

	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/fsabstraction"
)

// errSync marks a failed sync, after which nobody knows what is on disk.
var errSync = errors.New("sync failed")

// markFile writes synced.thaw, as package synced describes it. It is opened with
// the first segment.
type markFile struct {
	fs   fsabstraction.FS
	path string
	file fsabstraction.WriteFile
	mark synced.Mark
	made bool // the file is new, and its name is not on disk
	told bool // that a promise could not be written
}

func newMarkFile(fs fsabstraction.FS, dir string) *markFile {
	return &markFile{fs: fs, path: filepath.Join(dir, synced.FileName)}
}

// begin says that segment id is being written and that nothing of it is on disk.
// When it returns nil, that is on disk itself. An error of a sync is errSync.
func (m *markFile) begin(id, first uint64) error {
	if err := m.open(); err != nil {
		return err
	}
	m.mark = synced.Mark{Segment: id, First: first}
	if _, err := m.file.WriteAt(synced.AppendSlot(nil, m.mark), 0); err != nil {
		return err
	}
	err := m.file.Sync()
	if err == nil && m.made {
		err = syncDir(m.fs, filepath.Dir(m.path))
	}
	if err != nil {
		return errors.Join(errSync, err)
	}
	m.made = false
	return nil
}

func (m *markFile) open() error {
	if m.file != nil {
		return nil
	}
	f, err := m.fs.OpenWrite(m.path)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = m.fs.Create(m.path)
		m.made = err == nil
	}
	if err != nil {
		return err
	}
	m.file = f
	return nil
}

// advance says that the segment is on disk up to offset. It is a hint that need
// not reach the disk, so an error is only told, once.
func (m *markFile) advance(offset uint64, logger *slog.Logger) {
	m.mark.Offset = offset
	var slot [synced.SlotSize]byte
	if _, err := m.file.WriteAt(synced.AppendSlot(slot[:0], m.mark), synced.SlotSize); err != nil && !m.told {
		m.told = true
		logger.Warn("thaw: how far the log is on disk could not be written down",
			slog.String("file", m.path), slog.Any("error", err))
	}
}

// remove removes the file: nothing is being written any more.
func (m *markFile) remove() error {
	err := m.close()
	if rm := m.fs.Remove(m.path); !errors.Is(rm, fs.ErrNotExist) {
		err = errors.Join(err, rm)
	}
	return err
}

func (m *markFile) close() error {
	if m.file == nil {
		return nil
	}
	err := m.file.Close()
	m.file = nil
	return err
}
