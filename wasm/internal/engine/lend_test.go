package engine

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/wasm/abi"
)

// content returns the byte of a file at an offset.
func content(off uint64) byte { return byte(off*2654435761>>13) ^ byte(off>>12) }

// hosted runs f as a task whose host fills every range, except that it fails those for which
// fails is true. It returns how many ranges each request had.
func hosted(t *testing.T, fails func(off uint64) bool, f func()) (requests []int) {
	one := &task{}
	one.worker = &worker{yield: func(state int32) bool {
		require.EqualValues(t, abi.Wants, state)
		requests = append(requests, len(one.wanted))
		for i, p := range one.wanted {
			w := one.wants[i*abi.WantSize:]
			off := binary.LittleEndian.Uint64(w[abi.WantOffset:])
			if fails(off) {
				continue
			}
			for k := range p {
				p[k] = content(off + uint64(k))
			}
			binary.LittleEndian.PutUint32(w[abi.WantStatus:], abi.WantRead)
		}
		return true
	}}
	running = one
	defer func() { running = nil }()
	f()
	return requests
}

func never(uint64) bool { return false }

func soundAt(t *testing.T, b []byte, off uint64) {
	for k := range b {
		if b[k] != content(off+uint64(k)) {
			t.Fatalf("byte %d is another one", off+uint64(k))
		}
	}
}

// TestLentBlocks: whatever was lent stays as it was, though a tiny cache evicts its block at
// once, in any order of lending, reading and announcing.
func TestLentBlocks(t *testing.T) {
	for _, most := range []int{1, 2, 7, 20} {
		random := rand.New(rand.NewPCG(uint64(most), 2))
		c := &cache{most: most}
		f := &file{number: 3, size: 60*blockSize + 77}
		w := &window{file: f, cache: c}
		size := uint64(f.size)
		lent := map[uint64][]byte{}
		broken := func(uint64) bool { return random.IntN(50) == 0 }
		lend := 0
		hosted(t, broken, func() {
			for range 20_000 {
				off := random.Uint64N(size)
				n := min(1+random.Uint64N(300), size-off)
				switch random.IntN(4) {
				case 0:
					p := make([]byte, n)
					if _, err := w.ReadAt(p, int64(off)); err == nil {
						soundAt(t, p, off)
					}
				case 1:
					var ranges []source.Range
					for range random.IntN(10) {
						ranges = append(ranges, source.Range{Off: random.Uint64N(size), Len: 1})
					}
					w.Prefetch(ranges)
				default:
					b, start, err := w.Lend(off, n, random.IntN(3) > 0)
					if err != nil || b == nil {
						continue
					}
					require.LessOrEqual(t, start, off)
					require.LessOrEqual(t, off+n, start+uint64(len(b)))
					require.Equal(t, len(b), cap(b))
					lent[start] = b
					lend++
				}
				if random.IntN(100) == 0 {
					for start, b := range lent {
						soundAt(t, b, start)
					}
				}
			}
		})
		require.Greater(t, lend, 1000)
		require.LessOrEqual(t, len(c.slots)-len(c.free), most)
		require.LessOrEqual(t, len(c.slots), most)
		require.LessOrEqual(t, len(c.spare), 20)
		for _, b := range c.spare {
			for start, other := range lent {
				require.NotEqual(t, address(b[:1]), address(other[:1]), "block %d is lent", start/blockSize)
			}
		}
	}
}

// TestAnnouncesAll: all missing blocks of a batch are one request, however many, and those that
// failed are asked for again by the read.
func TestAnnouncesAll(t *testing.T) {
	c := &cache{}
	c.setSize(64)
	w := &window{file: &file{size: 4000*blockSize + 5}, cache: c}
	ranges := func() (out []source.Range) {
		for b := range uint64(3000) {
			out = append(out, source.Range{Off: b*blockSize + 100, Len: 162})
		}
		return append(out, source.Range{Off: 1 << 40, Len: 1}, source.Range{Off: 0, Len: 0}, source.Range{Off: 4000 * blockSize, Len: 5})
	}
	asked := hosted(t, func(off uint64) bool { return off == 7*blockSize }, func() { w.Prefetch(ranges()) })
	require.Equal(t, []int{3001}, asked)
	require.Len(t, c.slots, 3000)
	require.Len(t, c.spare, 1)
	asked = hosted(t, never, func() {
		for b := range uint64(3000) {
			got, start, err := w.Lend(b*blockSize+100, 162, true)
			require.NoError(t, err)
			soundAt(t, got, start)
		}
	})
	require.Equal(t, []int{1}, asked)
	require.Nil(t, hosted(t, never, func() { w.Prefetch(ranges()) }))

	// No more than half of the cache, so that it still has them when they are read.
	c.setSize(1)
	c.slots, c.table, c.free, c.spare, w.file.chunk = nil, nil, nil, nil, nil
	require.Equal(t, []int{128}, hosted(t, never, func() { w.Prefetch(ranges()) }))
}

// TestOnceUsed: blocks read once do not displace those that are used again and again.
func TestOnceUsed(t *testing.T) {
	c := &cache{most: 100}
	w := &window{file: &file{size: 1 << 30}, cache: c}
	again := 0
	hosted(t, never, func() {
		for b := uint64(1000); b < 20_000; b += 2 { // not in sequence: nothing is read ahead
			_, _, err := w.Lend(b*blockSize, 1, true)
			require.NoError(t, err)
			if b%10 > 0 {
				continue
			}
			hot := b / 10 % 10 * 2 // each after 50 others
			if c.find(w.file, hot) == nil {
				again++
			}
			_, _, err = w.Lend(hot*blockSize, 1, true)
			require.NoError(t, err)
		}
	})
	require.Equal(t, 10, again)
}
