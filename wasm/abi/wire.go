package abi

import (
	"encoding/binary"
	"errors"
)

// ErrWire is returned for bytes that are not what the layout says.
var ErrWire = errors.New("thaw: plugin: the answer is not one")

func appendU32(dst []byte, n uint32) []byte { return binary.LittleEndian.AppendUint32(dst, n) }
func appendU64(dst []byte, n uint64) []byte { return binary.LittleEndian.AppendUint64(dst, n) }

func appendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func appendString[S string | []byte](dst []byte, s S) []byte {
	return append(appendU32(dst, uint32(len(s))), s...)
}

// appendList appends a count and what f appends for each item.
func appendList[T any](dst []byte, items []T, f func([]byte, *T) []byte) []byte {
	dst = appendU32(dst, uint32(len(items)))
	for i := range items {
		dst = f(dst, &items[i])
	}
	return dst
}

// reader decodes; its first error sticks.
type reader struct {
	b   []byte
	err error
}

func (r *reader) take(n uint64) []byte {
	if r.err != nil || n > uint64(len(r.b)) {
		r.err = ErrWire
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) u8() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) bool() bool { return r.u8() == 1 }

func (r *reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *reader) bytes() []byte  { return r.take(uint64(r.u32())) }
func (r *reader) string() string { return string(r.bytes()) }

// list decodes a count and items of at least one byte each.
func list[T any](r *reader, f func(*reader) T) []T {
	n := r.u32()
	if uint64(n) > uint64(len(r.b)) {
		r.err = ErrWire
	}
	if r.err != nil || n == 0 {
		return nil
	}
	out := make([]T, 0, min(n, 1024))
	for range n {
		if out = append(out, f(r)); r.err != nil {
			return nil
		}
	}
	return out
}
