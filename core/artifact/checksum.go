package artifact

import (
	"hash/crc32"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/source"
)

// Checksum computes the checksum of an artifact, which covers the bytes from
// offset 12 on.
type Checksum struct{ sum uint32 }

// Add adds the next bytes of the file, which start at offset off.
func (c *Checksum) Add(off uint64, b []byte) {
	if off < offChecked {
		b = b[min(offChecked-off, uint64(len(b))):]
	}
	c.sum = crc32.Update(c.sum, crc32.IEEETable, b)
}

// Sum returns the checksum of the bytes added.
func (c *Checksum) Sum() uint32 { return c.sum }

// Check compares the checksum with the header's. The error is a
// [damage.Refusal] of reason checksum.
func (c *Checksum) Check(h *Header) error {
	if c.sum != h.CRC {
		return damage.Refuse(damage.Checksum, offCRC, nil)
	}
	return nil
}

// ReadHeader reads and checks the header of src.
func ReadHeader(src source.Source) (Header, error) {
	var b [HeaderSize]byte
	n := max(min(src.Size(), HeaderSize), 0)
	if err := source.Read(src, b[:n], 0); err != nil {
		return Header{}, damage.Refuse(damage.Unreadable, 0, err)
	}
	return DecodeHeader(b[:n], src.Size())
}
