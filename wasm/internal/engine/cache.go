package engine

// cache keeps blocks that were read, and drops those that were not used since the hand
// of the clock passed.
type cache struct {
	slots []slot
	where map[block]int32
	hand  int
}

type block struct {
	file   uint32
	number uint64
}

type slot struct {
	of    block
	bytes []byte
	used  bool
}

func (c *cache) has(file uint32, number uint64) bool {
	_, ok := c.where[block{file, number}]
	return ok
}

// get returns a block that the cache has.
func (c *cache) get(file uint32, number uint64) []byte {
	s := &c.slots[c.where[block{file, number}]]
	s.used = true
	return s.bytes
}

// put copies a block.
func (c *cache) put(file uint32, number uint64, b []byte) {
	of := block{file, number}
	if _, ok := c.where[of]; ok {
		return
	}
	if c.where == nil {
		c.where = map[block]int32{}
	}
	if len(c.slots) < cacheBlocks {
		c.where[of] = int32(len(c.slots))
		c.slots = append(c.slots, slot{of: of, bytes: append(make([]byte, 0, blockSize), b...)})
		return
	}
	for c.slots[c.hand].used {
		c.slots[c.hand].used = false
		c.hand = (c.hand + 1) % len(c.slots)
	}
	s := &c.slots[c.hand]
	delete(c.where, s.of)
	c.where[of] = int32(c.hand)
	s.of, s.bytes = of, append(s.bytes[:0], b...)
	c.hand = (c.hand + 1) % len(c.slots)
}
