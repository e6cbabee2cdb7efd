package host

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/visibility"
	"github.com/thawlog/thaw/fsabstraction"
)

// writeHidden writes ranges to visibility_ranges.fbv, durably. They include the ranges that
// it had.
func writeHidden(fsys fsabstraction.FS, dir string, ranges visibility.Ranges) error {
	path := filepath.Join(dir, visibility.FileName)
	want := visibility.AppendFile(nil, ranges)
	switch had, err := readWhole(fsys, path); {
	case errors.Is(err, fs.ErrNotExist) && len(ranges) == 0, err == nil && bytes.Equal(had, want):
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	err := replaceFile(fsys, dir, visibility.FileName, func(f fsabstraction.WriteFile) error {
		_, err := f.WriteAt(want, 0)
		return err
	})
	if err != nil {
		return err
	}
	return syncDir(fsys, dir)
}

func readWhole(fsys fsabstraction.FS, path string) ([]byte, error) {
	info, err := fsys.Lstat(path)
	if err != nil {
		return nil, err
	}
	f, err := fsys.Open(path)
	if err != nil {
		return nil, err
	}
	b := make([]byte, min(max(info.Size, 0), visibility.MaxSize))
	return b, errors.Join(readFull(f, b, 0), f.Close())
}

// renumber writes the hidden ranges in the numbers of the log, and an index to match, if
// batpak wrote them in other numbers and no event is in doubt. It must run before the next
// segment overwrites synced.thaw, which shows who wrote the last segment. If it fails, the
// store is unchanged and the next open reports the damage again.
func (s *Store) renumber(ctx context.Context, c contents, end artifact.Watermark) (contents, error) {
	report := c.snapshot.Report()
	if len(report.Damages) != 1 || report.Damages[0].Reason != damage.Renumbered || len(report.Damages[0].Events) > 0 {
		return c, nil
	}
	if err := s.rebuildIndex(&c, end, true); err != nil {
		s.options.Logger.Warn("thaw: the hidden ranges were not written in the numbers of the log",
			slog.String("store", s.path), slog.Any("error", err))
		return c, nil
	}
	s.options.Logger.Warn("thaw: the hidden ranges were written in the numbers of the log",
		slog.String("store", s.path), slog.Any("instead_of", report.Damages[0]))
	reader := s.options.reader()
	fresh, err := openContents(ctx, s.path, &reader, s.mover, s.skip...)
	if err != nil {
		return c, err
	}
	fresh.recovered = c.recovered
	return fresh, c.files.release()
}
