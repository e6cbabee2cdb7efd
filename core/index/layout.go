package index

import (
	"errors"
	"math"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/pages"
)

// errLayout is the cause when the lengths in a header contradict each other,
// although its checksum matches.
var errLayout = errors.New("index: the header's lengths contradict each other")

// Causes of a header that no writer writes, although its checksum matches.
var (
	errPromise  = errors.New("index: impossible flags or sequences")
	errReserved = errors.New("index: reserved bytes are not zero")
)

// layout is where everything lies in an index file. It follows from the numbers
// of records and names, so that no header has to be trusted.
type layout struct {
	sections [sections]extent
	summed   uint64 // end of the pages under the tree, without the header
	outside  uint64 // pages of the artifact, when it is another file
	levels   []extent
	length   uint64
}

// lengths holds the sizes of the sections in bytes.
type lengths [sections]uint64

// newLayout places sections after an artifact of contained bytes in the same
// file, or, when that is 0, for an artifact of size bytes in another file.
func newLayout(contained, size uint64, l lengths) (out layout) {
	out.place(contained, size, &l)
	return out
}

// place is newLayout, in place.
func (out *layout) place(contained, size uint64, l *lengths) {
	at := pages.Size + contained
	for i, n := range l {
		at = (at + 7) &^ 7
		out.sections[i].at, out.sections[i].size = at, n
		at += n
	}
	out.summed = pages.Count(at) * pages.Size
	if contained == 0 {
		out.outside = pages.Count(size)
	}
	at = out.summed
	for n := out.leafs(); n > topSums; {
		used := pages.Count(n * pages.SumSize)
		out.levels = append(out.levels, extent{at: at, size: used * pages.Size})
		at += used * pages.Size
		n = used
	}
	out.length = at
}

// leafs returns the number of checksums in the lowest level: of the artifact's
// pages, then of this file's pages between header and levels.
func (l *layout) leafs() uint64 { return l.outside + l.summed/pages.Size - 1 }

// top returns the number of checksums in the header.
func (l *layout) top() uint64 {
	if n := len(l.levels); n > 0 {
		return l.levels[n-1].size / pages.Size
	}
	return l.leafs()
}

// layout checks that h's lengths are those of an index over an artifact with
// header a, and fills in out. The error is a [damage.Refusal] of reason
// lookups.
func (h *header) layout(a *artifact.Header, out *layout) error {
	var l lengths
	for i := range h.sections {
		l[i] = h.sections[i].size
	}
	if !l.fit(h, a) {
		return damage.Refuse(damage.Lookups, offSections, errLayout)
	}
	if !h.plausible(a) {
		return damage.Refuse(damage.Lookups, offFirst, errPromise)
	}
	contained := uint64(0)
	if h.contained() {
		contained = h.size
	}
	out.place(contained, h.size, &l)
	if out.sections != h.sections || out.length != h.length || len(out.levels) > maxLevels {
		return damage.Refuse(damage.Lookups, offSections, errLayout)
	}
	if tail := h.top[out.top()*pages.SumSize:]; !zero(tail) || !zero(h.reserved) {
		return damage.Refuse(damage.Lookups, offReserved, errReserved)
	}
	return nil
}

// fit reports whether these are possible lengths for an index over an artifact
// with header a.
func (l *lengths) fit(h *header, a *artifact.Header) bool {
	records, strings := a.Records, uint64(a.Strings)
	if records > artifact.MaxRecords || strings == 0 || strings > math.MaxUint32 || h.size > math.MaxInt64/2 {
		return false
	}
	either := func(section int, want uint64) bool { return l[section] == 0 || l[section] == want }
	return l[secNames] == nameSize*strings &&
		l[secNameOrder] == 4*(strings-1) &&
		either(secNameSlots, 4*slotsFor(strings-1)) &&
		l[secEntityEnds] == 4*strings && l[secEntityList] == 4*records &&
		l[secScopeEnds] == 4*strings && l[secScopeList] == 4*records &&
		l[secKinds]%kindSize == 0 && l[secKinds] <= kindSize*min(1<<16, records) &&
		l[secKindList] == 4*records &&
		either(secIDSlots, 4*slotsFor(records)) && either(secIDOrder, 4*records) &&
		((l[secIDSlots] == 0) == (l[secIDOrder] > 0) || records == 0) &&
		l[secCorrelations]%4 == 0 && l[secCorrelations] <= 4*records &&
		l[secCausations]%4 == 0 && l[secCausations] <= 4*records &&
		l[secSegments]%segmentSize == 0 && l[secSegments] <= segmentSize*records
}

// plausible reports whether the flags and sequences are possible for an
// artifact with header a. Impossible sequences would lead to no record, or be
// assigned again.
func (h *header) plausible(a *artifact.Header) bool {
	if h.flags&^(flagDense|flagUnique|flagClockOrder|flagContained) != 0 {
		return false
	}
	if a.Records == 0 {
		return h.first == 0 && h.last == 0
	}
	between := h.last - h.first
	return h.first <= h.last && h.last < a.Allocator && a.Allocator <= artifact.MaxAllocator &&
		between >= a.Records-1 && (h.flags&flagDense == 0 || between == a.Records-1)
}

func zero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// slotsFor returns the number of slots of a hash table of n items: a load of
// 0.6.
func slotsFor(n uint64) uint64 { return n*5/3 + 1 }
