package pages_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/source"
)

// file is a source that is not memory, counts its reads and can fail.
type file struct {
	b     []byte
	reads int
	fail  error
}

func (f *file) Size() int64 { return int64(len(f.b)) }

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	f.reads++
	if f.fail != nil {
		return 0, f.fail
	}
	n := copy(p, f.b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func random(n int) []byte {
	b := make([]byte, n)
	rng := rand.NewChaCha8([32]byte{byte(n)})
	_, _ = rng.Read(b)
	return b
}

func sums(b []byte) source.Bytes {
	var s pages.Sums
	s.Add(b)
	return s.Bytes()
}

func checked(f *file) *pages.Checked {
	return pages.NewChecked("f", f, 0, uint64(len(f.b)), sums(f.b), 0)
}

// TestSums: each page has the checksum of its bytes, for any split of the
// input.
func TestSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := random(rapid.IntRange(0, 5*pages.Size).Draw(t, "size"))
		patch := rapid.IntRange(0, min(60, len(b))).Draw(t, "patched")
		var s pages.Sums
		for at := 0; at < len(b); {
			n := rapid.IntRange(0, len(b)-at).Draw(t, "piece")
			piece := slices.Clone(b[at : at+n])
			if at < patch {
				clear(piece[:min(patch-at, n)]) // known last
			}
			s.Add(piece)
			at += n
		}
		s.Patch(b[:patch])
		got := s.Bytes()
		require.Len(t, got, 4*int(pages.Count(uint64(len(b)))))
		for i := 0; i < len(got)/4; i++ {
			page := b[i*pages.Size : min((i+1)*pages.Size, len(b))]
			require.Equal(t, crc32.Checksum(page, crc32.MakeTable(crc32.Castagnoli)), binary.LittleEndian.Uint32(got[4*i:]))
		}
	})
}

// TestReadAt compares reads of every kind with the bytes.
func TestReadAt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		front := rapid.IntRange(0, 5000).Draw(t, "front")
		size := rapid.IntRange(1, 40*pages.Size).Draw(t, "size")
		f := &file{b: random(front + size)}
		part := f.b[front:]
		c := pages.NewChecked("f", f, uint64(front), uint64(size), append(source.Bytes{1, 2, 3}, sums(part)...), 3)
		require.Equal(t, int64(size), c.Size())
		for range 20 {
			off := rapid.IntRange(0, size-1).Draw(t, "offset")
			n := rapid.IntRange(0, size-off).Draw(t, "length")
			p := make([]byte, n)
			got, err := c.ReadAt(p, int64(off))
			require.NoError(t, err)
			require.Equal(t, n, got)
			require.True(t, bytes.Equal(part[off:off+n], p))
		}
		_, err := c.ReadAt(make([]byte, 2), int64(size)-1)
		require.ErrorIs(t, err, source.ErrShort)
	})
}

// TestReadOfPages reads from one to 24 unread pages, to hit the bounds of the
// buffers exactly.
func TestReadOfPages(t *testing.T) {
	b := random(24 * pages.Size)
	for count := 1; count <= 24; count++ {
		for _, cut := range []int{0, 1} { // whole pages, and a byte less at each end
			c := checked(&file{b: b})
			p := make([]byte, count*pages.Size-2*cut)
			n, err := c.ReadAt(p, int64(cut))
			require.NoError(t, err)
			require.Equal(t, len(p), n)
			require.True(t, bytes.Equal(b[cut:cut+n], p), "%d pages", count)
		}
	}
}

// TestEveryBit: every read that touches a page detects a flipped bit in it, and
// no other read does. A repaired page can be read.
func TestEveryBit(t *testing.T) {
	good := random(2*pages.Size + 700)
	for bit := 0; bit < 8*len(good); bit += 97 {
		f := &file{b: slices.Clone(good)}
		c := checked(f)
		f.b[bit/8] ^= 1 << (bit % 8)
		page := bit / 8 / pages.Size
		for at := 0; at < len(good); at += 500 {
			n := min(300, len(good)-at)
			p := make([]byte, n)
			got, err := c.ReadAt(p, int64(at))
			if at/pages.Size <= page && page <= (at+n-1)/pages.Size {
				var why *damage.Refusal
				require.ErrorAs(t, err, &why)
				require.Equal(t, damage.Refusal{File: "f", Reason: damage.Checksum, Offset: int64(page * pages.Size)}, *why)
				require.Zero(t, got)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, good[at:at+n], p)
		}
		require.ErrorIs(t, c.CheckAll(nil), damage.Checksum)
		f.b[bit/8] ^= 1 << (bit % 8)
		p := make([]byte, len(good))
		_, err := c.ReadAt(p, 0)
		require.NoError(t, err)
		require.Equal(t, good, p)
	}
}

// TestErrors: an error of the source or of the checksums never returns bytes.
func TestErrors(t *testing.T) {
	own := errors.New("input/output error")
	for _, seen := range []bool{false, true} {
		for _, n := range []int{10, 3 * pages.Size, 30 * pages.Size} {
			f := &file{b: random(40 * pages.Size)}
			c := checked(f)
			p := make([]byte, n)
			if seen {
				_, err := c.ReadAt(p, 100)
				require.NoError(t, err)
			}
			f.fail = own
			got, err := c.ReadAt(p, 100)
			require.ErrorIs(t, err, own)
			require.ErrorIs(t, err, damage.Unreadable)
			require.Zero(t, got)
			f.fail = nil
			_, err = c.ReadAt(p, 100)
			require.NoError(t, err)
		}
	}
	short := pages.NewChecked("f", &file{b: make([]byte, 10)}, 0, 10, source.Bytes(nil), 0)
	_, err := short.ReadAt(make([]byte, 1), 0)
	require.ErrorIs(t, err, source.ErrShort)
}

// TestSeenIsReadOnce: a page is read whole once, and later only as requested.
func TestSeenIsReadOnce(t *testing.T) {
	f := &file{b: random(10 * pages.Size)}
	c := checked(f)
	p := make([]byte, 100)
	for range 5 {
		_, err := c.ReadAt(p, 5000)
		require.NoError(t, err)
	}
	require.Equal(t, 5, f.reads)
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = c.ReadAt(p, 5000) }))
}

// again is a file that counts its ReadAgain calls.
type again struct {
	*file
	rereads int
}

func (a *again) ReadAgain(p []byte, off int64) (int, error) {
	a.rereads++
	return a.file.ReadAt(p, off)
}

func TestReadsAgain(t *testing.T) {
	a := &again{file: &file{b: random(3 * pages.Size)}}
	c := pages.NewChecked("f", a, 0, uint64(len(a.b)), sums(a.b), 0)
	p := make([]byte, 50)
	for _, off := range []int64{0, 10, 4096, 0, 4100, 8192} {
		_, err := c.ReadAt(p, off)
		require.NoError(t, err)
	}
	require.Equal(t, 3, a.rereads)
}

func TestConcurrentReads(t *testing.T) {
	b := random(200 * pages.Size)
	c := pages.NewChecked("f", source.Bytes(b), 0, uint64(len(b)), sums(b), 0)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(g), 1))
			p := make([]byte, 9000)
			for range 500 {
				off, n := rng.IntN(len(b)-9000), rng.IntN(9000)
				if _, err := c.ReadAt(p[:n], int64(off)); err != nil || !bytes.Equal(p[:n], b[off:off+n]) {
					t.Error("a read returned other bytes", err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestCheckAllStops(t *testing.T) {
	stop := errors.New("stop")
	f := &file{b: random(5 * pages.Size)}
	require.ErrorIs(t, checked(f).CheckAll(func() error { return stop }), stop)
	require.NoError(t, checked(f).CheckAll(nil))
}

func BenchmarkCheckAll(b *testing.B) {
	f := &file{b: random(32 << 20)}
	c := checked(f)
	b.Run("pages", func(b *testing.B) {
		b.SetBytes(int64(len(f.b)))
		for b.Loop() {
			if err := c.CheckAll(nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("crc32c", func(b *testing.B) {
		b.SetBytes(int64(len(f.b)))
		table := crc32.MakeTable(crc32.Castagnoli)
		for b.Loop() {
			crc32.Checksum(f.b, table)
		}
	})
}

func BenchmarkReadAt(b *testing.B) {
	f := &file{b: random(8 << 20)}
	p := make([]byte, 162)
	b.Run("first", func(b *testing.B) {
		b.ReportAllocs()
		c := checked(f)
		for i := 0; b.Loop(); i++ {
			if at := i * pages.Size % (len(f.b) - 200); at < pages.Size {
				c = checked(f)
			}
			_, _ = c.ReadAt(p, int64(i*pages.Size%(len(f.b)-200)))
		}
	})
	b.Run("seen", func(b *testing.B) {
		b.ReportAllocs()
		c := checked(f)
		for b.Loop() {
			_, _ = c.ReadAt(p, 70_000)
		}
	})
}
