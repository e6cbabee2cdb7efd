package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// eachFile calls f for every regular file at or below dir.
func eachFile(dir string, f func(path string, info fs.FileInfo) error) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return f(path, info)
	})
}

// withFile opens a file for f.
func withFile(path string, f func(*os.File) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f(file), file.Close())
}

// sizesOf returns the disk usage of every file below dir, by path relative to dir. It syncs
// the files first, since some systems allocate blocks only then.
func sizesOf(dir string) (map[string]int64, error) {
	sizes := map[string]int64{}
	err := eachFile(dir, func(path string, _ fs.FileInfo) error { return withFile(path, (*os.File).Sync) })
	if err != nil {
		return nil, err
	}
	err = eachFile(dir, func(path string, info fs.FileInfo) error {
		name, err := filepath.Rel(dir, path)
		sizes[filepath.ToSlash(name)] = diskSize(info)
		return err
	})
	return sizes, err
}

// readAheadAll drops the pages of every file below dir and reads the files once from start
// to end: the page cache is then as the kernel's read-ahead fills it, not as the writes
// did, which make larger and fewer pieces.
func readAheadAll(dir string) error {
	err := eachFile(dir, func(path string, _ fs.FileInfo) error { return withFile(path, dropPages) })
	if err != nil {
		return err
	}
	buf := make([]byte, 1<<20)
	return eachFile(dir, func(path string, _ fs.FileInfo) error {
		return withFile(path, func(f *os.File) error {
			_, err := io.CopyBuffer(onlyWriter{io.Discard}, onlyReader{f}, buf)
			return err
		})
	})
}

// onlyReader and onlyWriter hide the methods with which CopyBuffer would bypass the buffer.
type (
	onlyReader struct{ io.Reader }
	onlyWriter struct{ io.Writer }
)

// cloneDir replaces dst by a directory with the files of src selected by take, copied or
// hard-linked. src has no subdirectories.
func cloneDir(src, dst string, clone func(from, to string) error, take func(name string) bool) error {
	if err := os.RemoveAll(dst); err != nil {
		return err
	}
	if err := os.MkdirAll(dst, 0o755); err != nil {
		return err
	}
	return eachFile(src, func(path string, info fs.FileInfo) error {
		if !take(info.Name()) {
			return nil
		}
		return clone(path, filepath.Join(dst, info.Name()))
	})
}

func copyFile(from, to string) error {
	return withFile(from, func(in *os.File) error {
		out, err := os.Create(to)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, in)
		return errors.Join(err, out.Sync(), out.Close())
	})
}

func syncFile(path string) error {
	return withFile(path, func(f *os.File) error { return f.Sync() })
}

// linkFile makes a hard link, so that both names share their pages in the page cache, or a
// copy where links are refused.
func linkFile(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	return copyFile(from, to)
}
