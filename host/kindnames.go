package host

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/kindnames"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
)

// ErrKindName is the error of a name in Options.KindNames that is not 1 to 128 bytes of
// printable ASCII without spaces.
var ErrKindName = kindnames.ErrName

// ReadKindNames returns the names of kinds that programs gave the store in dir with
// Options.KindNames, none if there is no such file. A nil fsys is the operating system's.
//
// The names are in names.thaw, which says nothing about events and may be deleted. A
// damaged file is a *[Refusal], and any other error one of the file system.
func ReadKindNames(fsys fsabstraction.ReadFS, dir string) (map[event.Kind]string, error) {
	if fsys == nil {
		fsys = osfs.FS{}
	}
	names, err := readKindNames(fsys, dir)
	var refused *damage.Refusal
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.As(err, &refused):
		refused.File = kindnames.FileName
		return nil, refused
	case err != nil:
		return nil, failedAt("read the names of kinds in", dir, err)
	}
	return names, nil
}

func readKindNames(fsys fsabstraction.ReadFS, dir string) (map[event.Kind]string, error) {
	f, err := fsys.Open(filepath.Join(dir, kindnames.FileName))
	if errors.Is(err, fsabstraction.ErrNotRegular) {
		return nil, damage.Refuse(damage.NotRegular, -1, nil)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	text := make([]byte, min(size, int64(kindnames.MaxSize)+1)) // a larger one is refused
	n, err := f.ReadAt(text, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return kindnames.Decode(text[:n])
}

// checkKindNames returns ErrKindName for a name that names.thaw cannot hold.
func (o *Options) checkKindNames() error {
	for _, name := range o.KindNames {
		if err := kindnames.Check(name); err != nil {
			return err
		}
	}
	return nil
}

// saveKindNames adds the names of the options to names.thaw, and only logs an error: the
// names are for people. It replaces a damaged file, but none that it could not read or that
// is of a later version.
//
// The directory is not synced: after a power cut the file may be the old one, and the next
// open adds the names again. So a failure here leaves no doubt about any other file.
func (o *Options) saveKindNames(dir string) {
	if len(o.KindNames) == 0 {
		return
	}
	warn := func(text string, err error) {
		o.Logger.LogAttrs(context.Background(), slog.LevelWarn, text, slog.String("store", dir), slog.Any("error", err))
	}
	old, err := ReadKindNames(o.FS, dir)
	if err != nil {
		var refused *damage.Refusal
		if !errors.As(err, &refused) || refused.Reason == damage.Version || refused.Reason == damage.NotRegular {
			warn("thaw: the names of kinds were not written", err)
			return
		}
		warn("thaw: a damaged file of the names of kinds is replaced", err)
	}
	names, changed := kindnames.Add(old, o.KindNames)
	if !changed {
		return
	}
	text, err := kindnames.Append(nil, names)
	if err == nil {
		err = replaceFile(o.FS, dir, kindnames.FileName, func(f fsabstraction.WriteFile) error {
			_, err := f.WriteAt(text, 0)
			return err
		})
	}
	if err != nil {
		warn("thaw: the names of kinds were not written", err)
	}
}
