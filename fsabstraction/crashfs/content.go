package crashfs

import "bytes"

// blockSize is the number of bytes that survive a power cut together.
const blockSize = 4096

type block [blockSize]byte

// content is the contents of a file. A nil block is zeros, and so is the last block after
// size.
type content struct {
	size   int64
	blocks []*block
}

func blockCount(size int64) int { return int((size + blockSize - 1) / blockSize) }

// at returns block i, nil past the end.
func (c content) at(i int) *block {
	if i >= len(c.blocks) {
		return nil
	}
	return c.blocks[i]
}

// read fills p from off and returns the number of bytes read.
func (c content) read(p []byte, off int64) int {
	if off >= c.size {
		return 0
	}
	p = p[:min(int64(len(p)), c.size-off)]
	for n := 0; n < len(p); {
		pos := off + int64(n)
		i, start := int(pos/blockSize), int(pos%blockSize)
		end := min(blockSize, start+len(p)-n)
		if b := c.blocks[i]; b != nil {
			copy(p[n:], b[start:end])
		} else {
			clear(p[n : n+end-start])
		}
		n += end - start
	}
	return len(p)
}

// join returns the first n bytes of head followed by the rest of tail, in a new block only
// if needed.
func join(head, tail *block, n int) *block {
	if head == tail || n >= blockSize {
		return head
	}
	if n <= 0 {
		return tail
	}
	h, t := head.orZeros(), tail.orZeros()
	if bytes.Equal(h[n:], t[n:]) {
		return head
	}
	b := new(block)
	copy(b[:], h[:n])
	copy(b[n:], t[n:])
	return b
}

var zeros block

func (b *block) orZeros() *block {
	if b == nil {
		return &zeros
	}
	return b
}
