package mapping

import (
	"os"
	"runtime/debug"
)

// Intact reports whether the bytes p, which ReadAt just read at off, are known
// to be the file's and not the zeros that stand behind the end of a file that
// was cut. It may say no of bytes that are all right; reading them from the
// file itself tells.
//
// The zeros go from the new end to the end of its page, and every later page
// faults. So bytes whose last one is not zero lie before the new end, and where
// the next page can be read the end lies behind them. Of the last page of the
// mapping nothing more can be known.
func (s *Source) Intact(p []byte, off int64) bool {
	if len(p) == 0 || p[len(p)-1] != 0 {
		return true
	}
	page := int64(os.Getpagesize())
	next := (off + int64(len(p)) + page - 1) / page * page
	return next < s.size && s.reads(p, next)
}

// reads reports whether the byte at off, inside the mapping, can be read. p
// chooses the lane.
func (s *Source) reads(p []byte, off int64) (ok bool) {
	lane := s.lane(p)
	lane.RLock()
	before := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(before)
		lane.RUnlock()
		if r := recover(); r != nil {
			if _, fault := faultOutside(nil, r); !fault {
				panic(r)
			}
			ok = false
		}
	}()
	if s.m == nil {
		return false
	}
	_ = s.m.At(int(off))
	return true
}
