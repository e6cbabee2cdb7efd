package cli

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// refusedFile is the file for lines that import refused.
type refusedFile struct {
	f *os.File
	w *bufio.Writer
}

// openRefused opens the file of --skip-bad for appending. The file must not be the input,
// nor be in the store's directory: lines at the end of a segment would damage it.
func openRefused(name, dir string, in io.Reader) (*refusedFile, error) {
	if liesIn(name, dir) {
		return nil, fmt.Errorf("%s is in the store's own directory", name)
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	k := &refusedFile{f, bufio.NewWriter(f)}
	if err := k.check(in); err != nil {
		f.Close()
		return nil, err
	}
	return k, nil
}

// liesIn reports whether the file name, or the one that it links to, is in the directory dir.
func liesIn(name, dir string) bool {
	store, err := os.Stat(dir)
	if err != nil {
		return false // not a directory, or one that the open of the store refuses
	}
	names := []string{name}
	if target, err := filepath.EvalSymlinks(name); err == nil {
		names = append(names, target)
	}
	return slices.ContainsFunc(names, func(name string) bool {
		at, err := os.Stat(filepath.Dir(name))
		return err == nil && os.SameFile(at, store)
	})
}

func (k *refusedFile) check(in io.Reader) error {
	info, err := k.f.Stat()
	if err != nil {
		return err
	}
	if from, ok := in.(*os.File); ok {
		if is, err := from.Stat(); err == nil && os.SameFile(info, is) {
			return fmt.Errorf("%s is the input itself", k.f.Name())
		}
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return nil
	}
	var end [1]byte
	if _, err := k.f.ReadAt(end[:], info.Size()-1); err != nil {
		return err
	}
	if end[0] != '\n' {
		return k.w.WriteByte('\n')
	}
	return nil
}

// add writes lines in order and syncs the file.
func (k *refusedFile) add(lines []refused) error {
	slices.SortFunc(lines, func(a, b refused) int { return a.line - b.line })
	for _, l := range lines {
		if _, err := k.w.Write(l.raw); err != nil {
			return err
		}
	}
	if err := k.w.Flush(); err != nil {
		return err
	}
	if info, err := k.f.Stat(); err != nil || !info.Mode().IsRegular() {
		return err // a pipe or terminal cannot be synced
	}
	return k.f.Sync()
}
