package host

import (
	"errors"

	"github.com/thawlog/thaw/fsabstraction"
)

// syncFile makes the content of a file durable. As with SyncDir, an error may be a
// fsabstraction.ErrNotTried.
func syncFile(fs fsabstraction.FS, path string) error {
	f, err := fs.OpenWrite(path)
	if err != nil {
		return fsabstraction.NotTried(err)
	}
	return errors.Join(f.Sync(), f.Close())
}

// syncDir makes the names in dir durable, if the file system can.
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
