package main

import (
	"bytes"
	"encoding/binary"
)

// The lengths from which a repeat is shorter than its bytes, after gzip: hashes and ids of a
// store compress in no other way; code does.
const (
	leastOfStore = 16
	leastOfCode  = 64
)

const window = 8 // bytes by which a repeat is found

// packRepeats writes bytes with their repeats of some length as references, however far back they
// lie; gzip looks back 32 KiB only. The form is the number of bytes, and then, again and again
// until there are so many:
//
//	varint n, n bytes as they are, varint n, varint distance: n bytes from so far back
func packRepeats(b []byte, least int) []byte {
	out := binary.AppendUvarint(nil, uint64(len(b)))
	last := make([]int32, 1<<21) // one more than where a window with this hash was
	slot := func(at int) *int32 {
		return &last[binary.LittleEndian.Uint64(b[at:])*0x9e3779b97f4a7c15>>43]
	}
	literal, at := 0, 0
	flush := func(end int) {
		out = binary.AppendUvarint(out, uint64(end-literal))
		out = append(out, b[literal:end]...)
	}
	for at+window <= len(b) {
		from := int(*slot(at)) - 1
		*slot(at) = int32(at + 1)
		n := 0
		for from >= 0 && at+n < len(b) && b[from+n] == b[at+n] {
			n++
		}
		if n < least {
			at++
			continue
		}
		flush(at)
		out = binary.AppendUvarint(out, uint64(n))
		out = binary.AppendUvarint(out, uint64(at-from))
		for end := at + n; at < end; at++ {
			if at+window <= len(b) {
				*slot(at) = int32(at + 1)
			}
		}
		literal = at
	}
	if literal < len(b) {
		flush(len(b))
	}
	return out
}

// unpackRepeats is what the page does.
func unpackRepeats(b []byte) []byte {
	r := bytes.NewReader(b)
	number := func() int {
		n, _ := binary.ReadUvarint(r)
		return int(n)
	}
	size := number()
	out := make([]byte, 0, size)
	for len(out) < size {
		n := number()
		at := len(b) - r.Len()
		out = append(out, b[at:at+n]...)
		_, _ = r.Seek(int64(n), 1)
		if len(out) == size {
			break
		}
		n = number()
		for distance := number(); n > 0; n-- {
			out = append(out, out[len(out)-distance])
		}
	}
	return out
}
