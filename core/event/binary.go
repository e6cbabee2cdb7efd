package event

import "encoding/binary"

// PutLE writes the id as a little-endian u128 to the first 16 bytes of dst.
func (id ID) PutLE(dst []byte) {
	_ = dst[IDSize-1]
	binary.LittleEndian.PutUint64(dst, binary.BigEndian.Uint64(id[8:]))
	binary.LittleEndian.PutUint64(dst[8:], binary.BigEndian.Uint64(id[:]))
}

// IDFromLE reads a little-endian u128 from the first 16 bytes of src.
func IDFromLE(src []byte) (id ID) {
	_ = src[IDSize-1]
	binary.BigEndian.PutUint64(id[8:], binary.LittleEndian.Uint64(src))
	binary.BigEndian.PutUint64(id[:], binary.LittleEndian.Uint64(src[8:]))
	return id
}
