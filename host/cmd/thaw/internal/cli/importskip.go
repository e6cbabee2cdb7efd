package cli

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
)

// refusedFile keeps the lines that import refused.
type refusedFile struct {
	f *os.File
	w *bufio.Writer
}

// openRefused opens the file of --skip-bad, to whose end lines are added. It must
// not be the input.
func openRefused(name string, in io.Reader) (*refusedFile, error) {
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

// add writes lines in their order and syncs them.
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
