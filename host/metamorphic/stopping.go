package metamorphic

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// derived reports whether a file can be made from the segments.
func derived(name string) bool {
	_, _, part := index.ParsePartName(name)
	return part || name == artifact.FileName || name == index.FileName || strings.HasSuffix(name, ".tmp")
}

// stop stops the store and opens it again as the configuration says.
func (x *run) stop() error {
	how := x.config["stops"]
	if how == "mixed" {
		how = one(x.r, []string{"never", "clean", "unclean", "backup"})
	}
	switch how {
	case "never":
		return nil
	case "clean":
		if err := x.store.Close(); err != nil {
			return err
		}
		if err := x.store.CloseReport().IndexError; err != nil {
			return err
		}
	case "unclean":
		fs, dir, err := x.copied()
		if err := errors.Join(err, x.store.Close()); err != nil {
			return err
		}
		x.forget()
		x.fs, x.dir = fs, dir
	case "backup":
		to, err := x.backUp()
		if err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		if chance(x.r, 2) {
			return nil // the next one adds what is new
		}
		if err := x.store.Close(); err != nil {
			return err
		}
		x.forget()
		x.dir, x.backup = to, ""
	}
	if err := x.derive(); err != nil {
		return err
	}
	return x.open()
}

// forget closes the readers of a directory that the script leaves.
func (x *run) forget() {
	if x.reader != nil {
		_ = x.reader.Close()
		x.reader = nil
	}
	if x.pinned != nil {
		_ = x.pinned.Close()
		x.pinned = nil
	}
}

// copied returns a copy of the files as they are now: what a killed process leaves.
func (x *run) copied() (fsabstraction.FS, string, error) {
	if m, ok := x.fs.(*crashfs.FS); ok {
		return m.Crash(crashfs.Cut{Survive: 100}), x.dir, nil
	}
	for {
		x.copies++
		to := filepath.Join(x.base, strconv.Itoa(x.copies))
		if err := os.CopyFS(to, os.DirFS(x.dir)); !errors.Is(err, fs.ErrNotExist) {
			return x.fs, to, err
		} // else an index is being written in the background
	}
}

// backUp brings the backup of the store up to date, and returns its directory.
func (x *run) backUp() (dir string, err error) {
	if x.backup == "" {
		x.copies++
		x.backup = filepath.Join(filepath.Dir(x.dir), "backup "+strconv.Itoa(x.copies))
	}
	_, err = x.store.Backup(ctx, x.backup, host.BackupOptions{FS: x.fs, Compare: chance(x.r, 4), Logger: quiet})
	return x.backup, err
}

// derive loses or rebuilds the files that can be made from the segments.
func (x *run) derive() error {
	how := x.config["derived"]
	if how == "mixed" {
		how = one(x.r, []string{"kept", "lost", "rebuilt", "some lost", "torn"})
	}
	if how == "rebuilt" {
		_, err := host.Rebuild(ctx, x.dir, host.RebuildOptions{Options: host.Options{FS: x.fs, Logger: quiet}})
		return err
	}
	if how == "kept" {
		return nil
	}
	listed, err := x.fs.ReadDir(x.dir)
	if err != nil {
		return err
	}
	for _, entry := range listed {
		name := entry.Name
		if !derived(name) || how != "lost" && chance(x.r, 2) {
			continue
		}
		if how == "torn" {
			if x.config["merging"] == "on" && x.pinned != nil {
				// It would have to read the segments of its time, which merges have replaced.
				_ = x.pinned.Close()
				x.pinned = nil
			}
			err = x.tear(name)
		} else {
			err = x.fs.Remove(filepath.Join(x.dir, name))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tear cuts a file off.
func (x *run) tear(name string) error {
	f, err := x.fs.OpenWrite(filepath.Join(x.dir, name))
	if err != nil {
		return err
	}
	size, err := f.Size()
	if err == nil && size > 0 {
		err = f.Truncate(x.r.Int64N(size))
	}
	return errors.Join(err, f.Close())
}
