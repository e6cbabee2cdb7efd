// Package source is how the core reads: from anything that has a size and can
// be read at an offset. A file, a mapping, a byte slice and a File in a web
// page all can; the core never learns which it is.
package source

import (
	"errors"
	"io"
)

// Source is a run of bytes of fixed size. ReadAt keeps the contract of
// io.ReaderAt: it fills p or returns an error, and many goroutines may call it
// at once. Bytes that were read are the reader's own copy.
type Source interface {
	ReadAt(p []byte, off int64) (int, error)
	Size() int64
}

// ErrShort is returned when a source ends before the bytes that were asked
// for: the file shrank, or a length in it was wrong.
var ErrShort = errors.New("source: the bytes asked for lie behind the end")

// Read fills p from offset off. The end of the source inside p is [ErrShort], and
// every other error but [ErrGone] and a [Verdict] a [ReadError] with the source's own
// as its cause.
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

// IsEnd reports whether what ReadAt returned with too few bytes says that the source
// ends there: io.EOF itself. One that another error wraps, and io.ErrUnexpectedEOF,
// are an answer that was cut short, such as that of a server.
func IsEnd(err error) bool {
	return err == nil || err == io.EOF || errors.Is(err, ErrShort)
}

// Memory is a Source whose bytes lie in memory.
type Memory interface {
	Source
	// Slice returns the n bytes at off where they lie, or fewer when they are not
	// in one piece. They lie inside the source.
	Slice(off, n uint64) []byte
}

// Bytes is a Source over memory. It does not copy b; the caller must not
// change it while it is read.
type Bytes []byte

// ReadAt is io.ReaderAt over the slice.
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

// Size is the slice's length.
func (b Bytes) Size() int64 { return int64(len(b)) }

// Again is a Source with a cheaper way to bytes that were read before: a mapping,
// of which the first touch of a page costs more than reading it does.
type Again interface {
	Source
	// ReadAgain is ReadAt for bytes that ReadAt has returned.
	ReadAgain(p []byte, off int64) (int, error)
}

// Range is a run of bytes of a source.
type Range struct{ Off, Len uint64 }

// Prefetcher is a Source that makes use of knowing which reads come next: one whose reads
// are round trips fetches them together.
type Prefetcher interface {
	Source
	// Prefetches reports whether announcing is of use.
	Prefetches() bool
	// Prefetch tells of reads to come, in a slice that it may change. What cannot be
	// read then shows when it is read.
	Prefetch(ranges []Range)
}

// Part is n bytes of a source from off on, which must lie in it.
func Part(s Source, off, n uint64) Source {
	if b, ok := s.(Bytes); ok {
		return b[off : off+n : off+n]
	}
	return &part{src: s, at: int64(off), len: int64(n)}
}

// Cut is s, or its first n bytes when it is longer.
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
