package mapping

import (
	"errors"
	"fmt"

	"golang.org/x/exp/mmap"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
)

// Open maps the whole of f at its current size. The Source and f are independent: either
// may be closed first, and neither closes the other.
//
// The error is errors.ErrUnsupported if f is not a file of the operating system, cannot be
// identified, is no longer the file its path means (on Linux this matters only where /proc
// is missing), or is too large for the address space. Any other error is the system's.
// After any error f can still be read.
func Open(f fsabstraction.File) (*Source, error) {
	pf, ok := f.(fsabstraction.PathFile)
	if !ok {
		return nil, fmt.Errorf("mapping: %T is not a file of the operating system: %w", f, errors.ErrUnsupported)
	}
	i, err := pf.Stat()
	if err != nil {
		return nil, err
	}
	if i.Size != int64(int(i.Size)) {
		return nil, unsupported(pf, "too large for this address space")
	}
	m, err := mapHandle(pf, i.Identity)
	if err != nil {
		return nil, err
	}
	return newSource(pf.Path(), m), nil
}

// mapPath maps f by its path with open, which is mmap.Open, and checks before and after
// that the path means f. It does not notice a file that is exchanged and exchanged back
// between the checks.
func mapPath(f fsabstraction.PathFile, id fsabstraction.Identity, open func(string) (*mmap.ReaderAt, error)) (*mmap.ReaderAt, error) {
	if err := requireAtPath(f, id); err != nil {
		return nil, err
	}
	m, err := open(f.Path())
	if err != nil {
		return nil, fmt.Errorf("mapping: %w", err)
	}
	if err := requireAtPath(f, id); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

func requireAtPath(f fsabstraction.PathFile, id fsabstraction.Identity) error {
	i, err := osfs.FS{}.Lstat(f.Path())
	if err != nil || !fsabstraction.SameFile(id, i.Identity) {
		return unsupported(f, "the path is not known to mean this file now")
	}
	return nil
}

func unsupported(f fsabstraction.PathFile, reason string) error {
	return fmt.Errorf("mapping: %s: %s: %w", f.Path(), reason, errors.ErrUnsupported)
}
