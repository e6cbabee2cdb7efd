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
	free  []int32  // slots without a block
	spare [][]byte // buffers without a slot, never lent
	// missing and staged are reused for the numbers of announced blocks and their buffers.
	missing []uint64
	staged  [][]byte
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
	used  int8 // 1 if used since the hand last passed, -1 if not even once
	lent  bool // the core may still have the bytes, even after the block was evicted
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

// get returns a block, or nil if it is not in the cache. Its bytes are valid until the next
// call of buffer or put.
func (c *cache) get(f *file, number uint64) []byte {
	if s := c.find(f, number); s != nil {
		s.touch()
		return s.bytes
	}
	return nil
}

// lend returns a block whose bytes stay valid, or nil if it is not in the cache.
func (c *cache) lend(f *file, number uint64) []byte {
	if s := c.find(f, number); s != nil {
		s.touch()
		s.lent = true
		return s.bytes
	}
	return nil
}

// touch marks a block as used, from the second use on: the many blocks that a question reads
// once do not displace those that it uses again and again.
func (s *slot) touch() {
	if s.used <= 0 {
		s.used++
	}
}

func (c *cache) find(f *file, number uint64) *slot {
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
	return &c.slots[at-1]
}

// buffer returns n bytes, at most a block, which the caller passes to put or release. If
// the cache is full it evicts a block not used recently.
func (c *cache) buffer(n int) []byte {
	if len(c.spare) == 0 && c.full() {
		c.evict()
	}
	if k := len(c.spare); k > 0 {
		b := c.spare[k-1]
		c.spare = c.spare[:k-1]
		return b[:n]
	}
	return make([]byte, n, blockSize)
}

func (c *cache) full() bool { return len(c.slots)-len(c.free) >= c.limit() }

// evict empties the slot of a block not used recently. Its buffer becomes a spare one,
// unless it was lent: the core may still have it, so nothing may write to it again.
func (c *cache) evict() {
	for c.slots[c.hand].used > 0 || c.slots[c.hand].bytes == nil {
		c.slots[c.hand].used = 0
		c.turn()
	}
	s := &c.slots[c.hand]
	c.table[block{file: s.of.file, number: s.of.number / chunkBlocks}][s.of.number%chunkBlocks] = 0
	if !s.lent {
		c.spare = append(c.spare, s.bytes)
	}
	s.bytes = nil
	c.free = append(c.free, int32(c.hand))
	c.turn()
}

func (c *cache) turn() {
	if c.hand++; c.hand == len(c.slots) {
		c.hand = 0
	}
}

// release returns an unfilled buffer.
func (c *cache) release(b []byte) { c.spare = append(c.spare, b) }

// put adds a block that is not in the cache; b comes from buffer.
func (c *cache) put(f *file, number uint64, b []byte) {
	if c.full() { // several buffers were out
		c.evict()
	}
	at := len(c.slots)
	if k := len(c.free); k > 0 {
		at, c.free = int(c.free[k-1]), c.free[:k-1]
	} else {
		c.slots = append(c.slots, slot{})
	}
	c.slots[at] = slot{of: block{file: f.number, number: number}, bytes: b, used: -1}
	in := block{file: f.number, number: number / chunkBlocks}
	if c.table == nil {
		c.table = map[block]*chunk{}
	}
	if c.table[in] == nil {
		c.table[in] = new(chunk)
	}
	c.table[in][number%chunkBlocks] = int32(at) + 1
}
