package index

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/thawlog/thaw/core/event"
)

// link files a record under an id, for the lists that are sorted by id.
type link struct {
	hi, lo uint64
	record uint32
}

func makeLink(id event.ID, record uint32) link {
	return link{binary.BigEndian.Uint64(id[:]), binary.BigEndian.Uint64(id[8:]), record}
}

// sortLinks returns the record numbers in order of (id, number) as a section.
// The links come in by rising number, which a comparison of numbers keeps.
func sortLinks(links []link) []byte {
	slices.SortFunc(links, func(a, b link) int {
		if a.hi != b.hi {
			return cmp.Compare(a.hi, b.hi)
		}
		if a.lo != b.lo {
			return cmp.Compare(a.lo, b.lo)
		}
		return cmp.Compare(a.record, b.record)
	})
	out := make([]byte, 0, 4*len(links))
	for i := range links {
		out = binary.LittleEndian.AppendUint32(out, links[i].record)
	}
	return out
}
