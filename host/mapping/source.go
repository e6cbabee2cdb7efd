package mapping

import (
	"io"
	"io/fs"

	"github.com/thawlog/thaw/fsabstraction"
)

// Source is a mapped file, made by Open. It copies what is read, so the bytes
// belong to the caller and stay as they were checked.
//
// All methods may be called from several goroutines at once.
type Source struct {
	path string
	size int64
	m    mapped // nil once closed; read with a lane locked, set with all
	lanes
}

// mapped is what Source needs of a *mmap.ReaderAt.
type mapped interface {
	io.ReaderAt
	At(i int) byte
	Len() int
	Close() error
}

func newSource(path string, m mapped) *Source {
	return &Source{path: path, size: int64(m.Len()), m: m}
}

// Size returns how many bytes are mapped: the size of the file when it was
// opened here. It stays the same, also after Close.
func (s *Source) Size() int64 { return s.size }

// ReadAt reads like fsabstraction.File: all of p, or fewer bytes and the
// reason, which at the end of the mapping is io.EOF. It returns a *FaultError
// and 0 when the file cannot be read, and ErrClosed after Close. It
// allocates nothing unless it fails.
//
// A fault in p itself, when p is mapped memory too, is not converted: that
// panic belongs to the caller.
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

// Close removes the mapping. It waits for reads that have started, and makes
// those that come later fail, as does a second Close.
func (s *Source) Close() error {
	s.lockAll()
	defer s.unlockAll()
	if s.m == nil {
		return &fs.PathError{Op: "close", Path: s.path, Err: ErrClosed}
	}
	m := s.m
	s.m = nil
	return m.Close()
}
