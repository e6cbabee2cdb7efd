package index_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// countedSource counts reads, and is no memory.
type countedSource struct {
	b     source.Bytes
	reads int
}

func (c *countedSource) Size() int64 { return c.b.Size() }

func (c *countedSource) ReadAt(p []byte, off int64) (int, error) {
	c.reads++
	return c.b.ReadAt(p, off)
}

// TestManyNames: names in any order are read one by one as long as these are few, and all at once
// when that costs no more; if they are too long for that, one by one.
func TestManyNames(t *testing.T) {
	const n = 5000
	for _, test := range []struct {
		name, format string
		asks, most   int
	}{
		{"a few", "%020d", 30, 30},
		{"many", "%020d", 4 * n, 200},
		{"large", "%01000d", 4 * n, 4 * n},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := plain(n)
			for i := range m.records {
				m.records[i].Entity = m.numbered(fmt.Sprintf(test.format, i))
			}
			b := m.file(t, artifact.MaxAllocator)
			src := &countedSource{b: b}
			h, err := artifact.ReadHeader(src)
			require.NoError(t, err)
			names, err := strtab.Decode(b[artifact.HeaderSize:h.RecordsAt()])
			require.NoError(t, err)
			img := index.FileImage(src, &h)
			tables, err := index.Build(index.Input{Image: img, Names: names, Bounds: anywhere()})
			require.NoError(t, err)
			src.reads = 0
			r := index.NewReader(&img, tables)
			order := rand.New(rand.NewPCG(1, 2))
			for range test.asks {
				i := 1 + order.IntN(n-1)
				got, err := r.NameOfMany(uint32(i) + 2) // after those of the first event
				require.NoError(t, err)
				require.True(t, fmt.Sprintf(test.format, i) == string(got), "%d", i)
			}
			require.LessOrEqual(t, src.reads, test.most)
			require.Greater(t, src.reads, min(test.asks, test.most)/2)
		})
	}
}

// numbered adds a new name.
func (m *model) numbered(name string) uint32 {
	m.names = append(m.names, name)
	return uint32(len(m.names) - 1)
}
