package event

// PutLE writes the id as a little-endian u128 to the first 16 bytes of dst.
func (id ID) PutLE(dst []byte) {
	_ = dst[IDSize-1]
	for i, c := range id {
		dst[IDSize-1-i] = c
	}
}

// IDFromLE reads a little-endian u128 from the first 16 bytes of src.
func IDFromLE(src []byte) (id ID) {
	_ = src[IDSize-1]
	for i := range id {
		id[i] = src[IDSize-1-i]
	}
	return id
}
