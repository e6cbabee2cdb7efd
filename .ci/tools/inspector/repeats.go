package main

import (
	"bytes"
	"encoding/binary"
)

// leastRepeat is the length from which a repeat is shorter than its bytes.
const leastRepeat = 16

// packRepeats writes bytes with their long repeats as references, however far back they lie;
// gzip looks back 32 KiB only. In a store hashes and ids occur several times, in frames and in
// the index, and do not compress otherwise. The form is, again and again until the end:
//
//	varint n, n bytes as they are, varint n, varint distance: n bytes from so far back
//
// The last reference may have n = 0 and no distance.
func packRepeats(b []byte) []byte {
	var out []byte
	last := map[[8]byte]int{}
	literal := 0
	flush := func(end int) {
		out = binary.AppendUvarint(out, uint64(end-literal))
		out = append(out, b[literal:end]...)
	}
	at := 0
	for at+8 <= len(b) {
		key := [8]byte(b[at:])
		from, found := last[key]
		last[key] = at
		n := 0
		if found {
			for at+n < len(b) && b[from+n] == b[at+n] {
				n++
			}
		}
		if n < leastRepeat {
			at++
			continue
		}
		flush(at)
		out = binary.AppendUvarint(out, uint64(n))
		out = binary.AppendUvarint(out, uint64(at-from))
		for end := at + n; at < end; at++ {
			if at+8 <= len(b) {
				last[[8]byte(b[at:])] = at
			}
		}
		literal = at
	}
	flush(len(b))
	return binary.AppendUvarint(out, 0)
}

// unpackRepeats is what the page does.
func unpackRepeats(b []byte) []byte {
	var out []byte
	r := bytes.NewReader(b)
	for {
		n, err := binary.ReadUvarint(r)
		if err != nil {
			return out
		}
		at := len(b) - r.Len()
		out = append(out, b[at:at+int(n)]...)
		_, _ = r.Seek(int64(n), 1)
		length, err := binary.ReadUvarint(r)
		if err != nil || length == 0 {
			return out
		}
		distance, _ := binary.ReadUvarint(r)
		for range length {
			out = append(out, out[len(out)-int(distance)])
		}
	}
}
