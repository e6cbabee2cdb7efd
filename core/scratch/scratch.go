// Package scratch is space for work that does not fit in memory. Package host gives
// temporary files, and tests and programs without a file system memory.
package scratch

import (
	"github.com/thawlog/thaw/core/source"
)

// Space makes scratch files. It is for one goroutine.
type Space interface {
	Create() (File, error)
}

// File is a scratch file. It is written once, from its start to its end, and read
// afterwards, by one goroutine at a time.
type File interface {
	source.Source
	// Write appends bytes, which it must not keep.
	Write(b []byte) (int, error)
	// Close frees the space. The file must not be used afterwards.
	Close() error
}

// Memory is a Space in memory. The zero Memory is ready for use.
type Memory struct{}

// Create implements [Space].
func (Memory) Create() (File, error) { return new(memory), nil }

// block is the size of a piece of a file in memory: one slice that grows would be copied
// again and again.
const block = 64 << 10

type memory struct {
	full [][]byte
	last []byte
}

func (m *memory) Size() int64 { return int64(len(m.full)*block + len(m.last)) }

func (m *memory) Write(b []byte) (int, error) {
	written := len(b)
	for len(b) > 0 {
		if len(m.last) == block {
			m.full, m.last = append(m.full, m.last), make([]byte, 0, block)
		}
		n := min(len(b), block-len(m.last))
		m.last = append(m.last, b[:n]...)
		b = b[n:]
	}
	return written, nil
}

func (m *memory) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, source.ErrShort
	}
	for n < len(p) {
		k, at := int((off+int64(n))/block), int((off+int64(n))%block)
		piece := m.last
		if k < len(m.full) {
			piece = m.full[k]
		} else if k > len(m.full) {
			return n, source.ErrShort
		}
		if at >= len(piece) {
			return n, source.ErrShort
		}
		n += copy(p[n:], piece[at:])
	}
	return n, nil
}

func (m *memory) Close() error {
	*m = memory{}
	return nil
}
