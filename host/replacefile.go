package host

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/thawlog/thaw/fsabstraction"
)

// temporary is the name under which a file is written before it is given its own.
func temporary(name string) string { return name + ".tmp" }

// replaceFile gives name in dir new content, all of it or none: write fills a new
// file beside it, which then takes its place. Whoever has the old file open
// keeps it. A link of that name is refused, not followed. The system calls are
//
//	unlink name.tmp, if a crash left one
//	open name.tmp, exclusively; write; fsync; close
//	rename name.tmp to name
//
// The caller syncs the directory. On error the old file is as it was.
func replaceFile(fs fsabstraction.FS, dir, name string, write func(fsabstraction.WriteFile) error) error {
	tmp := filepath.Join(dir, temporary(name))
	if err := removeIfThere(fs, tmp); err != nil {
		return err
	}
	f, err := fs.Create(tmp)
	if err != nil {
		return err
	}
	if err = write(f); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = fs.Rename(tmp, filepath.Join(dir, name))
	}
	if err != nil {
		return errors.Join(err, removeIfThere(fs, tmp))
	}
	return nil
}

func removeIfThere(fsys fsabstraction.FS, path string) error {
	if err := fsys.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
