package mapping

import "os"

var osPage = int64(os.Getpagesize())

// nearby is the number of bytes after a read range that intact searches for a nonzero one.
// Records and names rarely have as many zeros between them.
const nearby = 64

// ReadIntact is ReadAt for a range inside the mapping. It also reports whether the bytes
// are known to be the file's, not the zeros after the end of a truncated file. It may
// report false for correct bytes; reading them from the file itself decides.
//
// The zeros reach from the new end to the end of its page, and every later page faults. So
// bytes lie before the new end if the last of them is nonzero, or if a nonzero byte of the
// page follows them, or if the next page can be read. Nothing more can be known about the
// last page of the mapping.
func (s *Source) ReadIntact(p []byte, off int64) (n int, intact bool, err error) {
	return s.guarded(p, off)
}

// intact implements the check of ReadIntact for bytes already read, under the guard.
func (s *Source) intact(p []byte, off int64) bool {
	if len(p) == 0 || p[len(p)-1] != 0 {
		return true
	}
	end := off + int64(len(p))
	next := (end + osPage - 1) / osPage * osPage
	for at := end; at < min(end+nearby, next, s.size); at++ {
		if s.m.At(int(at)) != 0 {
			return true
		}
	}
	if next >= s.size {
		return false
	}
	_ = s.m.At(int(next))
	return true
}
