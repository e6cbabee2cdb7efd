package index

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/source"
)

// away hides that its bytes are in memory.
type away struct{ source.Bytes }

// Slice hides the Slice of Bytes with another signature.
func (away) Slice() {}

// TestItemOfNoRecord: a number after the last record is not an item of any
// list, in every way of reading; the last record's is.
func TestItemOfNoRecord(t *testing.T) {
	img, tables := build(t, 60, false)
	whole := tables.section[secEntityList].(source.Bytes)
	for _, c := range []struct {
		value uint32
		err   error
	}{{img.Count - 1, nil}, {img.Count, ErrTable}, {img.Count + 1, ErrTable}, {1<<32 - 1, ErrTable}} {
		for _, memory := range []bool{true, false} {
			b := append(source.Bytes(nil), whole...)
			spoilt := *tables
			spoilt.section[secEntityList] = b
			if !memory {
				spoilt.section[secEntityList] = away{b}
			}
			r := NewReader(&img, &spoilt)
			l, err := r.Entity(1)
			require.NoError(t, err)
			require.Greater(t, l.Len(), 2)
			last := l.Len() - 1
			binary.LittleEndian.PutUint32(b[4*(int(l.from)+last):], c.value)

			_, err = r.Item(l, last)
			require.Equal(t, c.err, err, "%d", c.value)
			before, err := r.Item(l, last-1)
			require.NoError(t, err)
			var p Postings
			p.Walk(r, l)
			got, err := p.Seek(before + 1)
			require.Equal(t, c.err, err, "%d", c.value)
			if err == nil {
				require.Equal(t, c.value, got)
			}
		}
	}
}
