package event

// IDs generates event ids: UUIDs of version 7 (RFC 9562, section 5.7), whose
// first 48 bits are the time in ms since the Unix epoch. The ids rise strictly,
// by the counter of section 6.2, method 1, in the 12 bits after the version.
// When one ms needs more ids than the counter holds, or the clock steps back,
// the time in the id runs ahead of the clock. The zero IDs is ready for use. It
// is for one goroutine.
type IDs struct {
	ms      uint64
	counter uint16
}

// Next returns an id for the time ms, of which the low 48 bits count, from 64
// random bits.
func (g *IDs) Next(ms, random uint64) ID {
	const counterMax = 1<<12 - 1
	ms &= 1<<48 - 1
	switch {
	case ms > g.ms:
		// The top bit stays clear, which leaves 2048 ids for each ms.
		g.ms, g.counter = ms, uint16(random>>53)
	case g.counter < counterMax:
		g.counter++
	default:
		g.ms, g.counter = (g.ms+1)&(1<<48-1), 0
	}
	var id ID
	for i := range 6 {
		id[i] = byte(g.ms >> (40 - 8*i))
	}
	id[6] = 0x70 | byte(g.counter>>8)
	id[7] = byte(g.counter)
	for i := range 8 {
		id[8+i] = byte(random >> (56 - 8*i))
	}
	id[8] = 0x80 | id[8]&0x3f
	return id
}
