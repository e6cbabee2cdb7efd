package index

import "encoding/binary"

const kindPage = 256

// kindCounts counts the records of each kind. It allocates pages on first use,
// so that few records do not cost a table of all 65,536 kinds.
type kindCounts [1 << 16 / kindPage]*[kindPage]uint32

func (c *kindCounts) at(kind uint16) *[kindPage]uint32 {
	p := &c[kind/kindPage]
	if *p == nil {
		*p = new([kindPage]uint32)
	}
	return *p
}

// beginnings builds the section of the kinds present, and converts the counts
// to the start of each kind's list.
func (c *kindCounts) beginnings() (kinds []byte) {
	at := uint32(0)
	for page, counts := range c {
		if counts == nil {
			continue
		}
		for low, count := range counts {
			if count == 0 {
				continue
			}
			counts[low] = at
			at += count
			kinds = binary.LittleEndian.AppendUint32(kinds, uint32(page*kindPage+low))
			kinds = binary.LittleEndian.AppendUint32(kinds, at)
		}
	}
	return kinds
}

// fill builds the section of the kinds present and the flat list of their
// records, as fill does for strings. of holds the kind of each record.
func (c *kindCounts) fill(of []uint16) (kinds, list []byte) {
	kinds = c.beginnings()
	list = make([]byte, 4*len(of))
	for record, k := range of {
		place := &c.at(k)[k%kindPage]
		binary.LittleEndian.PutUint32(list[4*int(*place):], uint32(record))
		*place++
	}
	return kinds, list
}
