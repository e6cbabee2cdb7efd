package host

import (
	"errors"
	"io/fs"
	"path/filepath"

	coredir "github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/fsabstraction"
)

// replaceFile atomically replaces the content of name in dir: write fills a new file, which
// is then renamed to name. A process that has the old file open keeps it. A link of that
// name is refused, not followed. The system calls are
//
//	lstat name.tmp; unlink it, if a crash left a regular file
//	open name.tmp, exclusively; write; fsync; close
//	rename name.tmp to name
//
// The caller syncs the directory. On error the old file is as it was.
func replaceFile(fs fsabstraction.FS, dir, name string, write func(fsabstraction.WriteFile) error) error {
	return replaceFiles(fs, dir, []string{name}, func(files []fsabstraction.WriteFile) error { return write(files[0]) })
}

// replaceFiles is replaceFile for several files: it writes and syncs all of them in order,
// and then renames them in order. On error the first few may be new.
func replaceFiles(fs fsabstraction.FS, dir string, names []string, write func([]fsabstraction.WriteFile) error) (err error) {
	files := make([]fsabstraction.WriteFile, 0, len(names))
	tmp := func(i int) string { return filepath.Join(dir, coredir.TemporaryName(names[i])) }
	made, renamed := 0, 0
	defer func() {
		for _, f := range files {
			err = errors.Join(err, f.Close())
		}
		for i := renamed; err != nil && i < made; i++ {
			err = errors.Join(err, removeFile(fs, tmp(i)))
		}
	}()
	for i := range names {
		if err := removeFile(fs, tmp(i)); err != nil {
			return err
		}
		made = i + 1 // a failed creation may have taken effect
		f, err := fs.Create(tmp(i))
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	if err := write(files); err != nil {
		return err
	}
	for _, f := range files {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	for len(files) > 0 { // some systems do not rename open files
		f := files[0]
		files = files[1:]
		if err := f.Close(); err != nil {
			return err
		}
	}
	for ; renamed < len(names); renamed++ {
		if err := fs.Rename(tmp(renamed), filepath.Join(dir, names[renamed])); err != nil {
			return err
		}
	}
	return nil
}

// removeFile removes the regular file path, if it exists. Anything else of that name was not
// made by a writer: removeFile keeps it and returns a *fsabstraction.NotRegularError.
func removeFile(fsys fsabstraction.FS, path string) error {
	info, err := fsys.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Type != fsabstraction.Regular:
		return &fsabstraction.NotRegularError{Op: "remove", Path: path, Type: info.Type}
	}
	if err := fsys.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
