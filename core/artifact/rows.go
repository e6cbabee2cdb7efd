package artifact

import (
	"io"

	"github.com/thawlog/thaw/core/source"
)

const (
	// chunkRecords is the number of records in a chunk: 162 kB, as many as an
	// index build reads at once.
	chunkRecords = 1024
	chunkSize    = chunkRecords * RecordSize
)

// rows holds records in memory, in chunks. One growing slice would be copied
// again and again, and would touch new pages each time. A copy of rows can be
// read while records are added to the original, and while records that the copy
// lacks are rolled back: a chunk in full is never written again, and last is
// only appended to.
type rows struct {
	full [][]byte
	last []byte
	// spare holds chunks for reuse: see [Draft.Forget].
	spare [][]byte
}

func (r *rows) len() int { return len(r.full)*chunkRecords + len(r.last)/RecordSize }

func (r *rows) at(i int) Raw {
	b, i := r.last, i-len(r.full)*chunkRecords
	if i < 0 {
		i += len(r.full) * chunkRecords
		b, i = r.full[i/chunkRecords], i%chunkRecords
	}
	return Raw(b[i*RecordSize : (i+1)*RecordSize])
}

// grow makes sure that last can take one more record.
func (r *rows) grow() {
	if len(r.last) < chunkSize {
		return
	}
	r.full = append(r.full, r.last)
	if n := len(r.spare); n > 0 {
		r.last, r.spare = r.spare[n-1], r.spare[:n-1]
		return
	}
	r.last = make([]byte, 0, chunkSize)
}

// cut removes the records from number n on.
func (r *rows) cut(n int) {
	if k := n / chunkRecords; k < len(r.full) {
		r.last = r.full[k]
		r.full = r.full[:k]
	}
	r.last = r.last[:(n-len(r.full)*chunkRecords)*RecordSize]
}

// ReadAt implements source.Source.
func (r *rows) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, source.ErrShort
	}
	for n < len(p) {
		b := r.chunk(uint64(off) + uint64(n))
		if len(b) == 0 {
			return n, io.EOF
		}
		n += copy(p[n:], b)
	}
	return n, nil
}

// Size implements source.Source.
func (r *rows) Size() int64 { return int64(len(r.full))*chunkSize + int64(len(r.last)) }

// Slice implements source.Memory.
func (r *rows) Slice(off, n uint64) []byte {
	b := r.chunk(off)
	if uint64(len(b)) < n {
		return nil
	}
	return b[:n:n]
}

// chunk returns the bytes from off to the end of their chunk.
func (r *rows) chunk(off uint64) []byte {
	k, at := off/chunkSize, off%chunkSize
	switch {
	case k < uint64(len(r.full)):
		return r.full[k][at:]
	case k == uint64(len(r.full)) && at <= uint64(len(r.last)):
		return r.last[at:]
	}
	return nil
}
