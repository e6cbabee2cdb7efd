package mapping

import (
	"io"
	"io/fs"

	"github.com/thawlog/thaw/fsabstraction"
)

// Source is a mapped file, created by Open. It copies what it reads, so the bytes belong to
// the caller and cannot change after a check.
//
// All methods may be called from several goroutines at once.
type Source struct {
	path string
	size int64
	m    mapped // nil once closed; read with one lane locked, set with all
	lanes
}

// mapped is the part of *mmap.ReaderAt that Source needs.
type mapped interface {
	io.ReaderAt
	At(i int) byte
	Len() int
	Close() error
}

func newSource(path string, m mapped) *Source {
	return &Source{path: path, size: int64(m.Len()), m: m}
}

// Size returns the number of mapped bytes: the size of the file at Open. It never changes,
// not even after Close.
func (s *Source) Size() int64 { return s.size }

// ReadAt implements fsabstraction.File: it reads all of p, or fewer bytes and returns the
// reason, which at the end of the mapping is io.EOF. If the file cannot be read it returns
// 0 and a *FaultError, after Close 0 and an error that is fs.ErrClosed. It allocates only
// if it fails.
//
// A fault in p itself, if p is mapped memory too, is not converted: that panic belongs to
// the caller.
func (s *Source) ReadAt(p []byte, off int64) (int, error) {
	if err := fsabstraction.CheckOffset("readat", s.path, off); err != nil {
		return 0, err
	}
	var end error
	if left := max(0, s.size-off); int64(len(p)) > left {
		p, end = p[:left], io.EOF
	}
	n, _, err := s.guarded(p, off)
	if err == nil {
		err = end
	}
	return n, err
}

// Close removes the mapping. It waits for reads in progress; later ones fail, as does a
// second Close.
func (s *Source) Close() error {
	s.lockAll()
	defer s.unlockAll()
	if s.m == nil {
		return &fs.PathError{Op: "close", Path: s.path, Err: errClosed}
	}
	m := s.m
	s.m = nil
	return m.Close()
}
