package engine

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCache checks that a cached block is the one that was put, after any evictions,
// released buffers and dropped tasks.
func TestCache(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	c := cache{most: 20}
	files := []*file{{number: 0}, {number: 1}, {number: 7}}
	hits := 0
	for range 200_000 {
		f := files[random.IntN(len(files))]
		number := uint64(random.IntN(30)) * uint64(random.IntN(2)*chunkBlocks*1000+1)
		want := uint64(f.number)<<32 | number
		if b := c.get(f, number); b != nil {
			require.Equal(t, want, binary.LittleEndian.Uint64(b))
			hits++
			continue
		}
		b := c.buffer(8 + random.IntN(blockSize-8))
		switch random.IntN(20) {
		case 0:
			c.release(b)
		case 1: // dropped
		default:
			binary.LittleEndian.PutUint64(b, want)
			c.put(f, number, b)
		}
	}
	require.Greater(t, hits, 10_000)
	require.LessOrEqual(t, len(c.slots), 20)
	require.LessOrEqual(t, len(c.spare), 20)
}

// TestHandles checks that a handle in use is not returned again, and that none is 0.
func TestHandles(t *testing.T) {
	h := handles[int]{last: 0x7fffffff - 3}
	seen := map[uint32]*int{}
	for range 10 {
		n := h.put(new(int), 10)
		require.NotZero(t, n)
		require.Less(t, n, uint32(1<<31))
		require.Nil(t, seen[n])
		seen[n] = h.get(n)
	}
	require.Zero(t, h.put(new(int), 10))
	for n := range seen {
		h.drop(n)
		require.Nil(t, h.get(n))
		require.Positive(t, h.put(new(int), 10))
		break
	}
}

// TestBuffers checks that bytes are found only inside one buffer.
func TestBuffers(t *testing.T) {
	var m buffers
	at := m.alloc(100)
	_, b := m.find(at+10, 90)
	require.Len(t, b, 90)
	for _, wrong := range [][2]uint32{{at, 101}, {at + 10, 91}, {at + 100, 1}, {at - 1, 1}, {0, 0}, {at + 50, 0xffffffff}} {
		in, _ := m.find(wrong[0], wrong[1])
		require.Nil(t, in, wrong)
	}
	require.EqualValues(t, 0, m.free(at))
	in, _ := m.find(at, 1)
	require.Nil(t, in)
	require.Zero(t, m.total)
}
