package mapping

import "os"

var osPage = int64(os.Getpagesize())

// nearby is how many bytes behind those that were read are looked at for one that
// is not zero. Records and names rarely have as many zeros between them.
const nearby = 64

// ReadIntact is ReadAt for a range inside the mapping, and reports besides whether
// the bytes are known to be the file's and not the zeros that stand behind the end
// of a file that was cut. It may say no of bytes that are all right; reading them
// from the file itself tells.
//
// The zeros go from the new end to the end of its page, and every later page
// faults. So bytes whose last one is not zero lie before the new end, as do those in
// front of another byte of the page that is not; and where the next page can be read
// the end lies behind them. Of the last page of the mapping nothing more can be
// known.
func (s *Source) ReadIntact(p []byte, off int64) (n int, intact bool, err error) {
	return s.guarded(p, off)
}

// intact tells that of bytes that were read, under the guard.
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
