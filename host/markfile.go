package host

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"

	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/fsabstraction"
)

// errSync marks a failed sync, after which nobody knows what is on disk.
var errSync = errors.New("sync failed")

// markFile writes synced.thaw, as package synced describes it. Of its two slots
// the base is synced when a segment is begun, the other one tells of progress and
// is not. While one is written the other one holds and is on disk. The file is
// opened with the first segment.
type markFile struct {
	fs   fsabstraction.FS
	path string
	file fsabstraction.WriteFile
	mark synced.Mark
	base int  // number of the base slot
	made bool // the file is new, and its name is not on disk
	told bool // that progress could not be written
}

func newMarkFile(fs fsabstraction.FS, dir string) *markFile {
	return &markFile{fs: fs, path: filepath.Join(dir, synced.FileName)}
}

// begin says that another segment is being written, and how much of it is on
// disk. When it returns nil, that is on disk itself. An error of a sync is
// errSync.
func (m *markFile) begin(mark synced.Mark) error {
	if m.file == nil {
		if err := m.open(); err != nil {
			return err
		}
	} else if err := m.put(1-m.base, true); err != nil {
		return err
	}
	m.mark = mark
	if err := m.put(m.base, true); err != nil {
		return err
	}
	if m.made {
		if err := syncDir(m.fs, filepath.Dir(m.path)); err != nil {
			if errors.Is(err, fsabstraction.ErrNotTried) {
				return err
			}
			return errors.Join(errSync, err)
		}
		m.made = false
	}
	return nil
}

// open opens or makes the file. The base is the slot that can be done without.
func (m *markFile) open() error {
	f, err := m.fs.OpenWrite(m.path)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = m.fs.Create(m.path)
		m.made = err == nil
	}
	if err != nil {
		return err
	}
	b := make([]byte, synced.Size)
	n, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return errors.Join(err, f.Close())
	}
	m.file, m.base = f, synced.Spare(b[:n])
	return nil
}

// put writes the mark to a slot.
func (m *markFile) put(slot int, sync bool) error {
	var b [synced.SlotSize]byte
	if _, err := m.file.WriteAt(synced.AppendSlot(b[:0], m.mark), int64(slot)*synced.SlotSize); err != nil {
		return err
	}
	if !sync {
		return nil
	}
	if err := m.file.Sync(); err != nil {
		return errors.Join(errSync, err)
	}
	return nil
}

// advance says that the segment is on disk up to offset. It is a hint that need
// not reach the disk, so an error is only told, once.
func (m *markFile) advance(offset uint64, logger *slog.Logger) {
	m.mark.Offset = offset
	if err := m.put(1-m.base, false); err != nil && !m.told {
		m.told = true
		logger.Warn("thaw: how far the log is on disk could not be written down",
			slog.String("file", m.path), slog.Any("error", err))
	}
}

// remove removes the file: nothing is being written any more.
func (m *markFile) remove() error {
	return errors.Join(m.close(), removeFile(m.fs, m.path))
}

func (m *markFile) close() error {
	if m.file == nil {
		return nil
	}
	err := m.file.Close()
	m.file = nil
	return err
}
