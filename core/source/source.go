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

// Lender is a Source that keeps what it reads in blocks and can lend them, so
// that a reader copies nothing.
//
// Lent bytes never change. The reader does not write to them, and the source does
// not reuse their memory when it drops the block, but leaves it to the garbage
// collector.
type Lender interface {
	Source
	// Lends reports whether Lend is of use. It never changes.
	Lends() bool
	// Lend returns bytes of the source from offset start on, among which are the
	// n at off. It returns nil without an error when it cannot lend these, but
	// could read them: they do not lie in one block. When it does not have them
	// it reads them, or returns ErrAbsent unless read is set. Other errors are
	// those of ReadAt.
	Lend(off, n uint64, read bool) (b []byte, start uint64, err error)
}

// ErrAbsent is returned by a [Lender] that would have to read, and was told not to.
var ErrAbsent = errors.New("source: the requested bytes were not read yet")

// LenderOf returns s if it lends, and otherwise nil.
func LenderOf(s Source) Lender {
	if l, ok := s.(Lender); ok && l.Lends() {
		return l
	}
	return nil
}

// LendError turns an error of Lend at off into the one that [Read] returns.
func LendError(off uint64, err error) error {
	switch {
	case err == ErrAbsent:
		return err
	case IsEnd(err):
		return ErrShort
	}
	return Failed("", int64(off), err)
}

// Part returns the n bytes of a source from off on, which must lie in it.
func Part(s Source, off, n uint64) Source {
	if b, ok := s.(Bytes); ok {
		return b[off : off+n : off+n]
	}
	return &part{src: s, lender: LenderOf(s), at: int64(off), len: int64(n)}
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
	lender  Lender // src, when it lends
	at, len int64
}

func (p *part) Size() int64 { return p.len }

func (p *part) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 || off > p.len || int64(len(b)) > p.len-off {
		return 0, ErrShort
	}
	return p.src.ReadAt(b, p.at+off)
}

// Lends implements [Lender].
func (p *part) Lends() bool { return p.lender != nil }

// Lend implements [Lender]: it lends no bytes outside the part.
func (p *part) Lend(off, n uint64, read bool) (b []byte, start uint64, err error) {
	size := uint64(p.len)
	if off > size || n > size-off {
		return nil, 0, ErrShort
	}
	at := uint64(p.at)
	if b, start, err = p.lender.Lend(at+off, n, read); b == nil || err != nil {
		return nil, 0, err
	}
	if start < at {
		b, start = b[at-start:], at
	}
	start -= at
	return b[:min(uint64(len(b)), size-start)], start, nil
}

// Prefetches implements [Prefetcher].
func (p *part) Prefetches() bool {
	a, ok := p.src.(Prefetcher)
	return ok && a.Prefetches()
}

// Prefetch implements [Prefetcher].
func (p *part) Prefetch(ranges []Range) {
	a, ok := p.src.(Prefetcher)
	if !ok {
		return
	}
	size := uint64(p.len)
	out := ranges[:0]
	for _, r := range ranges {
		if r.Off <= size && r.Len <= size-r.Off {
			out = append(out, Range{Off: uint64(p.at) + r.Off, Len: r.Len})
		}
	}
	a.Prefetch(out)
}
