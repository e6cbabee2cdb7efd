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

// errSync marks a failed sync, after which it is unknown what is on disk.
var errSync = errors.New("sync failed")

// markFile writes the sync mark to synced.thaw, as package synced describes. The file has
// two slots. The base slot is written and synced when a segment begins; the other one
// records progress without a sync. While one is written, the other is valid and on disk.
// The file is opened with the first segment.
type markFile struct {
	fs   fsabstraction.FS
	path string
	file fsabstraction.WriteFile
	mark synced.Mark
	base int  // number of the base slot
	made bool // the file is new, and its name is not on disk

	warned bool // a failure of advance was logged
}

func newMarkFile(fs fsabstraction.FS, dir string) *markFile {
	return &markFile{fs: fs, path: filepath.Join(dir, synced.FileName)}
}

// begin records that another segment is being written and how much of it is on disk. On
// success the record is on disk. The error of a failed sync is errSync.
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

// open opens or creates the file. The base becomes the spare slot.
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

// put writes the sync mark to a slot.
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

// advance records that the segment is on disk up to offset. This is a hint that need not
// reach the disk, so advance only logs an error, once.
func (m *markFile) advance(offset uint64, logger *slog.Logger) {
	m.mark.Offset = offset
	if err := m.put(1-m.base, false); err != nil && !m.warned {
		m.warned = true
		logger.Warn("thaw: the sync mark was not written",
			slog.String("file", m.path), slog.Any("error", err))
	}
}

// remove closes and removes the file, after the last segment is sealed.
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
