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
	dst = slices.Grow(dst, strtab.TableSize(names)+run.Len()*sidx.EntrySize+sidx.TrailerSize)
	dst = strtab.AppendTable(dst, names)
	for i := range run.Len() {
		r := run.At(i)
		dst = r.AppendEntry(dst, number(r.Entity()), number(r.Scope()))
	}
	return sidx.AppendTrailer(dst, sidx.Trailer{TableOffset: at, Entries: uint32(run.Len())})
}
