// Package source defines how the core reads: from anything that has a size and
// can be read at an offset, such as a file, a mapping, a byte slice, or a File
// in a web page. The core never knows which.
package source

import (
	"errors"
	"io"
)

// Source is a sequence of bytes of fixed size. ReadAt keeps the contract of
// io.ReaderAt: it fills p or returns an error, and many goroutines may call it
// at once. The bytes read are the caller's own copy.
type Source interface {
	ReadAt(p []byte, off int64) (int, error)
	Size() int64
}

// ErrShort is returned when a source ends before the requested bytes: the file
// shrank, or a length in it was wrong.
var ErrShort = errors.New("source: the requested bytes lie past the end")

// Read fills p from offset off. When the source ends inside p the error is
// [ErrShort]. Every other error except [ErrGone] and a [Verdict] becomes the
// cause of a [ReadError].
func Read(s Source, p []byte, off uint64) error {
	size := uint64(max(s.Size(), 0))
	if off > size || uint64(len(p)) > size-off {
		return ErrShort
	}
	if len(p) == 0 {
		return nil
	}
	n, err := s.ReadAt(p, int64(off))
	switch {
	case n == len(p):
		return nil
	case IsEnd(err):
		return ErrShort
	}
	return Failed("", int64(off), err)
}

// IsEnd reports whether err, which ReadAt returned with too few bytes, marks
// the end of the source: it is io.EOF itself. A wrapped io.EOF and
// io.ErrUnexpectedEOF are truncated answers, such as a server's.
func IsEnd(err error) bool {
	return err == nil || err == io.EOF || errors.Is(err, ErrShort)
}

// Memory is a Source that lies in memory.
type Memory interface {
	Source
	// Slice returns the n bytes at off without copying them, or fewer when they
	// are not contiguous. They lie inside the source.
	Slice(off, n uint64) []byte
}

// Bytes is a Source over a slice. It does not copy the slice; the caller must
// not change it while it is read.
type Bytes []byte

// ReadAt implements io.ReaderAt.
func (b Bytes) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, ErrShort
	}
	if off >= int64(len(b)) {
		return 0, io.EOF
	}
	n := copy(p, b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Slice implements [Memory].
func (b Bytes) Slice(off, n uint64) []byte { return b[off : off+n : off+n] }

// Size returns the length of the slice.
func (b Bytes) Size() int64 { return int64(len(b)) }

// Again is a Source with a cheaper way to read bytes a second time: a mapping,
// where the first touch of a page costs more than a read.
type Again interface {
	Source
	// ReadAgain is ReadAt for bytes that ReadAt has already returned.
	ReadAgain(p []byte, off int64) (int, error)
}

// Range is a range of bytes of a source.
type Range struct{ Off, Len uint64 }

// Prefetcher is a Source that profits from knowing its next reads: one whose
// reads are round trips fetches them together.
type Prefetcher interface {
	Source
	// Prefetches reports whether Prefetch is of use.
	Prefetches() bool
	// Prefetch announces reads to come, in a slice that it may change. It
	// reports no errors: the reads do.
	Prefetch(ranges []Range)
}

// Part returns the n bytes of a source from off on, which must lie in it.
func Part(s Source, off, n uint64) Source {
	if b, ok := s.(Bytes); ok {
		return b[off : off+n : off+n]
	}
	return &part{src: s, at: int64(off), len: int64(n)}
}

// Cut returns s, or its first n bytes when it is longer.
func Cut(s Source, n uint64) Source {
	if uint64(max(s.Size(), 0)) <= n {
		return s
	}
	return Part(s, 0, n)
}

type part struct {
	src     Source
	at, len int64
}

func (p *part) Size() int64 { return p.len }

func (p *part) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 || off > p.len || int64(len(b)) > p.len-off {
		return 0, ErrShort
	}
	return p.src.ReadAt(b, p.at+off)
}
