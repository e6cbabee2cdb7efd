// Package msgpack reads and writes the MessagePack of the store's own structures:
// maps with known keys, strings, binaries, integers and arrays of bytes. It only
// skips payloads.
//
// It accepts one spelling only: every integer, length and string in its smallest
// form, as batpak (rmp-serde) writes them. So decoding and encoding gives the
// same bytes. No input makes it allocate, recurse without bound or read beyond
// its slice.
//
// Format: https://github.com/msgpack/msgpack/blob/master/spec.md
package msgpack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
)

// Errors of a [Reader].
var (
	ErrShort    = errors.New("msgpack: the value is cut short")
	ErrType     = errors.New("msgpack: a value of another type was expected")
	ErrRange    = errors.New("msgpack: a number is out of range")
	ErrSpelling = errors.New("msgpack: a value is not in its smallest form")
	ErrKey      = errors.New("msgpack: unexpected map key")
	ErrDepth    = errors.New("msgpack: values are nested too deeply")
	ErrTrailing = errors.New("msgpack: bytes follow the value")
)

// maxDepth bounds the nesting that [Reader.Skip] follows.
const maxDepth = 128

// Reader decodes one slice from front to back. Its first error sticks: Err
// returns it, and every later call returns zero values. The zero Reader is at
// the end of an empty slice.
type Reader struct {
	b   []byte
	off int
	err error
}

// NewReader returns a Reader of b, which it neither copies nor changes.
func NewReader(b []byte) *Reader { return &Reader{b: b} }

// Reset makes r read b from its start.
func (r *Reader) Reset(b []byte) { *r = Reader{b: b} }

// Err returns the first error, or nil.
func (r *Reader) Err() error { return r.err }

// Offset returns the number of bytes read.
func (r *Reader) Offset() int { return r.off }

// Left returns the number of bytes not read.
func (r *Reader) Left() int { return len(r.b) - r.off }

// Since returns the bytes read from an offset on, which alias the input. It
// returns nil after an error.
func (r *Reader) Since(offset int) []byte {
	if r.err != nil {
		return nil
	}
	return r.b[offset:r.off:r.off]
}

// Literal consumes s and returns true when s is next; otherwise it consumes
// nothing and returns false.
func (r *Reader) Literal(s string) bool {
	if b := r.b[r.off:]; r.err != nil || len(b) < len(s) || string(b[:len(s)]) != s {
		return false
	}
	r.off += len(s)
	return true
}

// Bytes reads n bytes, which alias the input. It returns nil when fewer are
// left.
func (r *Reader) Bytes(n int) []byte { return r.take(uint64(n)) }

// Repeats consumes raw and returns true when raw is next; otherwise it consumes
// nothing and returns false. It returns false for an empty raw.
func (r *Reader) Repeats(raw []byte) bool {
	if r.err != nil || len(raw) == 0 || !bytes.HasPrefix(r.b[r.off:], raw) {
		return false
	}
	r.off += len(raw)
	return true
}

// End fails with [ErrTrailing] when bytes are left, and returns Err.
func (r *Reader) End() error {
	if r.err == nil && r.off != len(r.b) {
		r.err = ErrTrailing
	}
	return r.err
}

// Fail sets the error unless there is one already.
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// take returns the next n bytes, which alias the input.
func (r *Reader) take(n uint64) []byte {
	if r.err != nil {
		return nil
	}
	if n > uint64(len(r.b)-r.off) {
		r.err = ErrShort
		return nil
	}
	p := r.b[r.off : r.off+int(n) : r.off+int(n)]
	r.off += int(n)
	return p
}

// head returns the next byte without consuming it, and 0xc1, which the format
// never uses, at the end.
func (r *Reader) head() byte {
	if r.err == nil && r.off < len(r.b) {
		return r.b[r.off]
	}
	r.Fail(ErrShort)
	return 0xc1
}

// number consumes a head byte and the big-endian number of size bytes after it.
func (r *Reader) number(size int) uint64 {
	p := r.take(uint64(1 + size))
	if p == nil {
		return 0
	}
	switch size {
	case 1:
		return uint64(p[1])
	case 2:
		return uint64(binary.BigEndian.Uint16(p[1:]))
	case 4:
		return uint64(binary.BigEndian.Uint32(p[1:]))
	}
	return binary.BigEndian.Uint64(p[1:])
}

// least is number, and fails unless the number is above over: a smaller form
// could have held it.
func (r *Reader) least(size int, over uint64) uint64 {
	n := r.number(size)
	if r.err == nil && n <= over {
		r.err = ErrSpelling
	}
	if r.err != nil {
		return 0
	}
	return n
}

// Uint reads a non-negative integer of at most limit.
func (r *Reader) Uint(limit uint64) uint64 {
	if b := r.b[r.off:]; r.err == nil && len(b) >= 9 { // the longest form
		size, n, over := 0, uint64(0), uint64(0)
		switch h := b[0]; {
		case h < 0x80:
			if n = uint64(h); n <= limit {
				r.off++
				return n
			}
		case h == 0xcc:
			size, n, over = 2, uint64(b[1]), 0x7f
		case h == 0xcd:
			size, n, over = 3, uint64(binary.BigEndian.Uint16(b[1:])), math.MaxUint8
		case h == 0xce:
			size, n, over = 5, uint64(binary.BigEndian.Uint32(b[1:])), math.MaxUint16
		case h == 0xcf:
			size, n, over = 9, binary.BigEndian.Uint64(b[1:]), math.MaxUint32
		}
		if over < n && n <= limit {
			r.off += size
			return n
		}
	}
	return r.anyUint(limit)
}

// anyUint is Uint without a short way for what is right.
func (r *Reader) anyUint(limit uint64) uint64 {
	var n uint64
	switch h := r.head(); {
	case h < 0x80:
		n = uint64(h)
		r.take(1)
	case h == 0xcc:
		n = r.least(1, 0x7f)
	case h == 0xcd:
		n = r.least(2, math.MaxUint8)
	case h == 0xce:
		n = r.least(4, math.MaxUint16)
	case h == 0xcf:
		n = r.least(8, math.MaxUint32)
	default:
		r.Fail(ErrType)
	}
	if n > limit {
		r.Fail(ErrRange)
	}
	if r.err != nil {
		return 0
	}
	return n
}

// Int reads a signed integer of 64 bits.
func (r *Reader) Int() int64 {
	switch h := r.head(); {
	case h >= 0xe0:
		r.take(1)
		return int64(int8(h))
	case h == 0xd0:
		return r.negative(int64(int8(r.number(1))), -32)
	case h == 0xd1:
		return r.negative(int64(int16(r.number(2))), math.MinInt8)
	case h == 0xd2:
		return r.negative(int64(int32(r.number(4))), math.MinInt16)
	case h == 0xd3:
		return r.negative(int64(r.number(8)), math.MinInt32)
	}
	return int64(r.Uint(math.MaxInt64))
}

// negative fails unless n is below the lowest number of the next smaller form.
func (r *Reader) negative(n, below int64) int64 {
	if r.err == nil && n >= below {
		r.err = ErrSpelling
	}
	if r.err != nil {
		return 0
	}
	return n
}

// Nil consumes a nil and returns true; for another value it consumes nothing
// and returns false.
func (r *Reader) Nil() bool {
	if r.err != nil || r.off >= len(r.b) || r.b[r.off] != 0xc0 {
		return false
	}
	r.off++
	return true
}

// Str reads a string. The slice aliases the input. Str does not check the
// UTF-8.
func (r *Reader) Str() []byte {
	switch h := r.head(); {
	case h&0xe0 == 0xa0:
		r.take(1)
		return r.take(uint64(h & 0x1f))
	case h == 0xd9:
		return r.take(r.least(1, 31))
	case h == 0xda:
		return r.take(r.least(2, math.MaxUint8))
	case h == 0xdb:
		return r.take(r.least(4, math.MaxUint16))
	}
	r.Fail(ErrType)
	return nil
}

// Bin reads a binary. The slice aliases the input.
func (r *Reader) Bin() []byte {
	switch r.head() {
	case 0xc4:
		return r.take(r.number(1))
	case 0xc5:
		return r.take(r.least(2, math.MaxUint8))
	case 0xc6:
		return r.take(r.least(4, math.MaxUint16))
	}
	r.Fail(ErrType)
	return nil
}

// Array reads the head of an array and returns its number of elements, at most
// the number of bytes left.
func (r *Reader) Array() int {
	if b := r.b[r.off:]; r.err == nil && len(b) > 3 && b[0] == 0xdc { // most payloads and hashes
		if n := int(binary.BigEndian.Uint16(b[1:])); 15 < n && n <= len(b)-3 {
			r.off += 3
			return n
		}
	}
	switch h := r.head(); {
	case h&0xf0 == 0x90:
		r.take(1)
		return r.count(uint64(h&0x0f), 1)
	case h == 0xdc:
		return r.count(r.least(2, 15), 1)
	case h == 0xdd:
		return r.count(r.least(4, math.MaxUint16), 1)
	}
	r.Fail(ErrType)
	return 0
}

// Map reads the head of a map and returns its number of pairs, at most half the
// number of bytes left.
func (r *Reader) Map() int {
	switch h := r.head(); {
	case h&0xf0 == 0x80:
		r.take(1)
		return r.count(uint64(h&0x0f), 2)
	case h == 0xde:
		return r.count(r.least(2, 15), 2)
	case h == 0xdf:
		return r.count(r.least(4, math.MaxUint16), 2)
	}
	r.Fail(ErrType)
	return 0
}

// count fails for a claim that the bytes left cannot hold.
func (r *Reader) count(n, least uint64) int {
	if r.err == nil && n > uint64(r.Left())/least {
		r.err = ErrShort
	}
	if r.err != nil {
		return 0
	}
	return int(n)
}

// MapOf reads the head of a map of exactly n pairs.
func (r *Reader) MapOf(n int) {
	if got := r.Map(); r.err == nil && got != n {
		r.err = ErrType
	}
}

// Key reads a string that must equal key.
func (r *Reader) Key(key string) {
	n := len(key)
	if b := r.b[r.off:]; r.err == nil && n < 32 && len(b) > n && b[0] == 0xa0|byte(n) && string(b[1:1+n]) == key {
		r.off += 1 + n
		return
	}
	if got := r.Str(); r.err == nil && string(got) != key {
		r.err = ErrKey
	}
}

// ByteArray reads an array of integers from 0 to 255, which is how serde writes
// byte slices, and appends them to dst. dst grows by no more than the bytes
// read.
func (r *Reader) ByteArray(dst []byte) []byte {
	n := r.Array()
	if r.err != nil {
		return dst
	}
	at := len(dst)
	dst = grow(dst, n)[:at+n]
	off, err := fillBytes(dst[at:], r.b, r.off)
	if err != nil {
		r.err = err
		return dst[:at]
	}
	r.off = off
	return dst
}

// SkipByteArray is ByteArray without the bytes.
func (r *Reader) SkipByteArray() {
	n := r.Array()
	if r.err != nil {
		return
	}
	off, err := skipBytes(n, r.b, r.off)
	if err != nil {
		r.err = err
		return
	}
	r.off = off
}

// FixedByteArray fills dst from an array of exactly len(dst) integers from 0 to
// 255.
func (r *Reader) FixedByteArray(dst []byte) {
	if n := r.Array(); r.err == nil && n != len(dst) {
		r.err = ErrType
	}
	if r.err != nil {
		return
	}
	off, err := fillBytes(dst, r.b, r.off)
	if err != nil {
		r.err = err
		return
	}
	r.off = off
}

func grow(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b
	}
	bigger := make([]byte, len(b), len(b)+n)
	copy(bigger, b)
	return bigger
}
