package index

import (
	"cmp"
	"encoding/binary"

	"github.com/thawlog/thaw/core/scratch"
	"github.com/thawlog/thaw/core/source"
)

// columnBlock is how many bytes of a column are written or read at once.
const columnBlock = 64 << 10

// column holds one number per record, in order, in memory or in scratch space. The first
// error of the scratch space is that of the read.
type column struct {
	space scratch.Space // nil for memory
	block int           // bytes in memory, columnBlock if 0
	wide  bool          // 4 bytes, not 2
	last  []byte
	file  scratch.File
	err   error
}

func (c *column) add(n uint32) {
	if c.wide {
		c.last = binary.LittleEndian.AppendUint32(c.last, n)
	} else {
		c.last = binary.LittleEndian.AppendUint16(c.last, uint16(n))
	}
	if c.space != nil && len(c.last) >= cmp.Or(c.block, columnBlock) {
		c.spill()
	}
}

func (c *column) spill() {
	if c.file == nil && c.err == nil {
		c.file, c.err = c.space.Create()
	}
	if c.err == nil {
		_, c.err = c.file.Write(c.last)
	}
	c.last = c.last[:0]
}

// each calls f with every number, in order.
func (c *column) each(f func(record, n uint32)) error {
	if c.err != nil {
		return c.err
	}
	record := uint32(0)
	block := func(b []byte) {
		if c.wide {
			for ; len(b) > 0; b = b[4:] {
				f(record, binary.LittleEndian.Uint32(b))
				record++
			}
			return
		}
		for ; len(b) > 0; b = b[2:] {
			f(record, uint32(binary.LittleEndian.Uint16(b)))
			record++
		}
	}
	if c.file != nil {
		size := uint64(c.file.Size())
		buffer := make([]byte, min(columnBlock, size))
		for at := uint64(0); at < size; at += uint64(len(buffer)) {
			buffer = buffer[:min(uint64(len(buffer)), size-at)]
			if err := source.Read(c.file, buffer, at); err != nil {
				return err
			}
			block(buffer)
		}
	}
	block(c.last)
	return nil
}

// close empties the column.
func (c *column) close() error {
	file := c.file
	c.file, c.last = nil, nil
	if file == nil {
		return nil
	}
	return file.Close()
}
