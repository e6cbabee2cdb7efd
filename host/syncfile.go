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

// startSync begins to make the bytes of a file before end durable, so that a sync of the log
// has little to wait for. At most what two calls asked for is on its way then. Where the file
// system cannot do that, and whole is set, it waits for all.
func startSync(f fsabstraction.WriteFile, end int64, whole bool) error {
	if ok, err := started(f, end); ok || !whole || err != nil {
		return err
	}
	return f.Sync()
}

// wholeSync reports whether it is time for a whole sync where a sync cannot be started: for every
// 4 MiB, a few milliseconds of disk time. before and after are the bytes written so far.
func wholeSync(before, after int64) bool {
	const bytes = 4 << 20
	return before/bytes != after/bytes
}

// started begins to make the bytes of a file before end durable if the file system can.
func started(f fsabstraction.WriteFile, end int64) (ok bool, err error) {
	s, ok := f.(fsabstraction.Starter)
	if !ok {
		return false, nil
	}
	err = s.StartSync(end)
	if errors.Is(err, errors.ErrUnsupported) {
		return false, nil
	}
	return true, err
}
