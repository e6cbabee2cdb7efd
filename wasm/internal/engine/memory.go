package engine

import (
	"unsafe"

	"github.com/thawlog/thaw/wasm/abi"
)

// buffers are the buffers returned by Alloc, found by their address. The map keeps them
// alive.
type buffers struct {
	byAddress map[uint32]*buffer
	total     uint64
}

type buffer struct {
	bytes []byte
	files int // number of files in it
}

func address(b []byte) uint32 { return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }

// alloc returns the address of n zero bytes, or 0 if n is 0 or too large.
func (m *buffers) alloc(n uint32) uint32 {
	if n == 0 || m.total+uint64(n) > abi.MaxAlloc {
		return 0
	}
	b := &buffer{bytes: make([]byte, n)}
	if m.byAddress == nil {
		m.byAddress = map[uint32]*buffer{}
	}
	at := address(b.bytes)
	m.byAddress[at] = b
	m.total += uint64(n)
	return at
}

func (m *buffers) free(at uint32) abi.Code {
	b := m.byAddress[at]
	switch {
	case b == nil:
		return abi.ErrPointer
	case b.files > 0:
		return abi.ErrInUse
	}
	delete(m.byAddress, at)
	m.total -= uint64(len(b.bytes))
	return 0
}

// find returns the n bytes at an address, which must lie inside one buffer.
func (m *buffers) find(at, n uint32) (*buffer, []byte) {
	b, off := m.byAddress[at], uint32(0)
	if b == nil {
		for start, c := range m.byAddress {
			if at >= start && uint64(at)-uint64(start) <= uint64(len(c.bytes)) {
				b, off = c, at-start
				break
			}
		}
	}
	if b == nil || uint64(n) > uint64(len(b.bytes))-uint64(off) {
		return nil, nil
	}
	return b, b.bytes[off : off+n : off+n]
}
