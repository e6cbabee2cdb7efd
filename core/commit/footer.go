package commit

import (
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/sidx"
	"github.com/thawlog/thaw/core/strtab"
)

// AppendFooter appends the footer of a segment to dst, in the format of package sidx.
// run holds the events of the segment, whose frames end at offset at.
func AppendFooter(dst []byte, run artifact.Run, at uint64) []byte {
	dst = slices.Grow(dst, run.Len()*sidx.EntrySize+sidx.TrailerSize)
	dst, _ = appendFooter(dst, run, at, func(b []byte) ([]byte, error) { return b, nil })
	return dst
}

// footerPiece is the least number of bytes that WriteFooter hands out at once, but at the end.
const footerPiece = 256 << 10

// WriteFooter is AppendFooter for a footer that is not to be in memory as a whole, which takes a
// fifth of the segment where payloads are small. It hands out one piece after the other, each
// valid during the call only, and returns the first error of write.
func WriteFooter(run artifact.Run, at uint64, write func(b []byte) error) error {
	b, err := appendFooter(nil, run, at, func(b []byte) ([]byte, error) {
		if len(b) < footerPiece {
			return b, nil
		}
		return b[:0], write(b)
	})
	if err != nil {
		return err
	}
	return write(b)
}

// appendFooter calls full after each part of the footer, and goes on with the bytes that it
// returns.
func appendFooter(dst []byte, run artifact.Run, at uint64, full func(b []byte) ([]byte, error)) (_ []byte, err error) {
	numbers := make([]uint32, run.Names().Len()) // by number in run: the name's number in the footer + 1
	var names [][]byte
	number := func(n uint32) uint32 {
		if numbers[n] == 0 {
			names = append(names, run.Names().At(n))
			numbers[n] = uint32(len(names))
		}
		return numbers[n] - 1
	}
	for i := range run.Len() {
		number(run.At(i).Entity())
		number(run.At(i).Scope())
	}
	dst = strtab.AppendTable(dst, names)
	for i := range run.Len() {
		if dst, err = full(dst); err != nil {
			return nil, err
		}
		r := run.At(i)
		dst = r.AppendEntry(dst, number(r.Entity()), number(r.Scope()))
	}
	return sidx.AppendTrailer(dst, sidx.Trailer{TableOffset: at, Entries: uint32(run.Len())}), nil
}
