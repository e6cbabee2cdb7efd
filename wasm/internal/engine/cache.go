package engine

// defaultCache is the cache of a store in MiB, unless its open asks for another.
const defaultCache = 32

// cache keeps blocks that were read, and drops those that were not used since the hand
// of the clock passed.
//
// A table says for each block in which slot it lies, in chunks that are made when they
// are needed, so that what a host claims of a file's size costs nothing.
type cache struct {
	most  int // blocks, 0 for defaultCache
	slots []slot
	table map[block]*chunk // by the number of a block in units of chunkBlocks
	hand  int
	spare [][]byte // blocks that are in no slot
	// missing is room for the numbers of announced blocks.
	missing []uint64
}

type block struct {
	file   uint32
	number uint64
}

// chunkBlocks is how many blocks a chunk stands for: 2 MiB of a file.
const chunkBlocks = 512

// chunk holds the number of each block's slot, plus one.
type chunk [chunkBlocks]int32

type slot struct {
	of    block
	bytes []byte
	used  bool
}

// setSize bounds the cache to some MiB, 0 for the default.
func (c *cache) setSize(mib uint64) {
	if mib == 0 {
		mib = defaultCache
	}
	c.most = int(mib) << 20 / blockSize
}

// limit is the number of blocks at most.
func (c *cache) limit() int {
	if c.most == 0 {
		c.setSize(0)
	}
	return c.most
}

// get returns a block, or nil when the cache has not got it.
func (c *cache) get(f *file, number uint64) []byte {
	if f.chunk == nil || number/chunkBlocks != f.chunkNumber {
		f.chunk, f.chunkNumber = c.table[block{f.number, number / chunkBlocks}], number/chunkBlocks
		if f.chunk == nil {
			return nil
		}
	}
	at := f.chunk[number%chunkBlocks]
	if at == 0 {
		return nil
	}
	s := &c.slots[at-1]
	s.used = true
	return s.bytes
}

// room returns n bytes, at most a block, to be given to put or giveBack. When the cache
// is full it takes them from the block that was not used for longest.
func (c *cache) room(n int) []byte {
	if k := len(c.spare); k > 0 {
		b := c.spare[k-1]
		c.spare = c.spare[:k-1]
		return b[:n]
	}
	if len(c.slots) < c.limit() {
		return make([]byte, n, blockSize)
	}
	for c.slots[c.hand].used {
		c.slots[c.hand].used = false
		if c.hand++; c.hand == len(c.slots) {
			c.hand = 0
		}
	}
	s := &c.slots[c.hand]
	if s.bytes == nil { // a task that took it was dropped
		return make([]byte, n, blockSize)
	}
	c.table[block{s.of.file, s.of.number / chunkBlocks}][s.of.number%chunkBlocks] = 0
	b := s.bytes
	s.bytes = nil
	return b[:n]
}

// giveBack returns what room gave and was not filled.
func (c *cache) giveBack(b []byte) { c.spare = append(c.spare, b) }

// put takes what room gave, filled with a block that the cache has not.
func (c *cache) put(f *file, number uint64, b []byte) {
	at := c.hand
	if len(c.slots) == 0 || c.slots[at].bytes != nil { // none was taken out
		at = len(c.slots)
		c.slots = append(c.slots, slot{})
	} else if c.hand++; c.hand == len(c.slots) {
		c.hand = 0
	}
	c.slots[at] = slot{of: block{f.number, number}, bytes: b}
	in := block{f.number, number / chunkBlocks}
	if c.table == nil {
		c.table = map[block]*chunk{}
	}
	if c.table[in] == nil {
		c.table[in] = new(chunk)
	}
	c.table[in][number%chunkBlocks] = int32(at) + 1
}
