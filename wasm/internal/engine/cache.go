package engine

// defaultCache is the size of a store's cache in MiB if its open does not set one.
const defaultCache = 32

// cache keeps blocks after a read. To evict one it uses the clock algorithm: the hand drops
// a block not used since it last passed.
//
// A table maps each block to its slot. Its chunks are allocated when needed, so that a
// large declared file size costs nothing.
type cache struct {
	most  int // blocks, 0 for defaultCache
	slots []slot
	table map[block]*chunk // by the number of a block in units of chunkBlocks
	hand  int
	spare [][]byte // buffers without a slot
	// missing is reused for the numbers of announced blocks.
	missing []uint64
}

type block struct {
	file   uint32
	number uint64
}

// chunkBlocks is the number of blocks in a chunk: 2 MiB of a file.
const chunkBlocks = 512

// chunk holds the number of each block's slot, plus one.
type chunk [chunkBlocks]int32

type slot struct {
	of    block
	bytes []byte
	used  bool
}

// setSize sets the size of the cache in MiB, 0 for the default.
func (c *cache) setSize(mib uint64) {
	if mib == 0 {
		mib = defaultCache
	}
	c.most = int(mib) << 20 / blockSize
}

// limit returns the maximum number of blocks.
func (c *cache) limit() int {
	if c.most == 0 {
		c.setSize(0)
	}
	return c.most
}

// get returns a block, or nil if it is not in the cache.
func (c *cache) get(f *file, number uint64) []byte {
	if f.chunk == nil || number/chunkBlocks != f.chunkNumber {
		f.chunk, f.chunkNumber = c.table[block{file: f.number, number: number / chunkBlocks}], number/chunkBlocks
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

// buffer returns n bytes, at most a block, which the caller passes to put or release. If
// the cache is full it evicts a block not used recently.
func (c *cache) buffer(n int) []byte {
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
	if s.bytes == nil { // its task was dropped
		return make([]byte, n, blockSize)
	}
	c.table[block{file: s.of.file, number: s.of.number / chunkBlocks}][s.of.number%chunkBlocks] = 0
	b := s.bytes
	s.bytes = nil
	return b[:n]
}

// release returns an unfilled buffer.
func (c *cache) release(b []byte) { c.spare = append(c.spare, b) }

// put adds a block that is not in the cache; b comes from buffer.
func (c *cache) put(f *file, number uint64, b []byte) {
	at := c.hand
	if len(c.slots) == 0 || c.slots[at].bytes != nil { // nothing was evicted
		at = len(c.slots)
		c.slots = append(c.slots, slot{})
	} else if c.hand++; c.hand == len(c.slots) {
		c.hand = 0
	}
	c.slots[at] = slot{of: block{file: f.number, number: number}, bytes: b}
	in := block{file: f.number, number: number / chunkBlocks}
	if c.table == nil {
		c.table = map[block]*chunk{}
	}
	if c.table[in] == nil {
		c.table[in] = new(chunk)
	}
	c.table[in][number%chunkBlocks] = int32(at) + 1
}
