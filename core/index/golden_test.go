package index_test

import (
	"encoding/binary"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/source"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden reads a committed index.thaw and a part file field by field, at
// the offsets in the package comment, and compares them with today's output.
func TestGolden(t *testing.T) {
	files, part := longstore.New(t, 8)
	for name, made := range map[string][]byte{"index.thaw": files[index.FileName], "part.thaw": files[part]} {
		path := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(path, made, 0o644))
		}
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, made, b, "%s is written otherwise than it was", name)

		contained := name == "part.thaw"
		u32, u64 := binary.LittleEndian.Uint32, binary.LittleEndian.Uint64
		fbati := files[artifact.FileName]
		if contained {
			fbati = b[4096 : 4096+u64(b[80:])]
		}
		require.Equal(t, "THAWIX", string(b[:6]))
		require.EqualValues(t, 1, binary.LittleEndian.Uint16(b[6:]))
		require.Equal(t, pages.Sum(b[12:4096]), u32(b[8:]))
		wantFlags := uint32(1 | 2 | 4)
		if contained {
			wantFlags |= 1 << 31
		}
		require.Equal(t, wantFlags, u32(b[12:]))
		require.EqualValues(t, len(b), u64(b[16:]))
		require.Equal(t, fbati[:56], b[24:80])
		require.EqualValues(t, len(fbati), u64(b[80:]))
		h, err := artifact.ReadHeader(source.Bytes(fbati))
		require.NoError(t, err)
		first, last, from, ids, seed := uint64(0), uint64(15), artifact.Watermark{}, []uint64{1, 2}, uint64(5)
		if contained {
			first, last, ids, seed = 16, 23, []uint64{3}, 6
			from = artifact.Watermark{Segment: 2, Offset: u64(files[artifact.FileName][20:])}
		}
		require.Equal(t, [...]uint64{first, last, seed, seed}, [...]uint64{u64(b[88:]), u64(b[96:]), u64(b[104:]), u64(b[112:])})
		var digest index.SegmentIDs
		for _, id := range ids {
			digest.Add(id)
		}
		require.Equal(t, uint64(digest), u64(b[120:]))
		require.Equal(t, from, artifact.Watermark{Segment: u64(b[128:]), Offset: u64(b[136:])})

		// The sections, one after the other, from multiples of 8 on.
		n, strings := h.Records, uint64(h.Strings)
		at := uint64(4096)
		if contained {
			at += uint64(len(fbati))
		}
		kinds, linked := u64(b[144+16*7+8:]), u64(b[144+16*11+8:])
		for i, size := range []uint64{
			8 * strings, 4 * (strings - 1), 4 * ((strings-1)*5/3 + 1), 4 * strings, 4 * n, 4 * strings, 4 * n,
			kinds, 4 * n, 4 * (n*5/3 + 1), 0, linked, linked, 24 * uint64(len(ids)),
		} {
			at = (at + 7) / 8 * 8
			require.Equal(t, [2]uint64{at, size}, [2]uint64{u64(b[144+16*i:]), u64(b[152+16*i:])}, "section %d", i)
			at += size
		}
		require.Zero(t, kinds%8)
		require.Positive(t, linked)
		require.EqualValues(t, len(b), (at+4095)/4096*4096, "768 checksums stand in the header, so there is no level")

		// The checksums, and zeros.
		var sums []uint32
		if !contained {
			for page := 0; page < len(fbati); page += 4096 {
				sums = append(sums, pages.Sum(fbati[page:min(page+4096, len(fbati))]))
			}
		}
		for page := 4096; page < len(b); page += 4096 {
			sums = append(sums, pages.Sum(b[page:page+4096]))
		}
		for i, sum := range sums {
			require.Equal(t, sum, u32(b[1024+4*i:]), "page %d", i)
		}
		for _, zeros := range [][]byte{b[368:1024], b[1024+4*len(sums) : 4096], b[at:]} {
			require.Equal(t, make([]byte, len(zeros)), zeros)
		}
	}
}

// TestHeaderPromises: an impossible header is refused, with or without a
// correct checksum.
func TestHeaderPromises(t *testing.T) {
	files, part := longstore.New(t, 8)
	for _, name := range []string{index.FileName, part} {
		le := binary.LittleEndian
		for what, change := range map[string]func(b []byte){
			"unknown flag":          func(b []byte) { b[12] |= 8 },
			"first after last":      func(b []byte) { le.PutUint64(b[88:], 99) },
			"last at the allocator": func(b []byte) { le.PutUint64(b[96:], le.Uint64(b[24+28:])) },
			"last is no sequence":   func(b []byte) { le.PutUint64(b[96:], ^uint64(0)) },
			"too few sequences":     func(b []byte) { b[12] &^= 1; b[96]-- },
			"dense and is not":      func(b []byte) { le.PutUint64(b[24+28:], 1000); b[96]++ },
			"reserved":              func(b []byte) { b[1000] = 1 },
			"after the checksums":   func(b []byte) { b[4000] = 1 },
			"length":                func(b []byte) { b[17]++ },
			"section size":          func(b []byte) { b[144+8]++ },
			"section place":         func(b []byte) { b[144+16] += 8 },
			"records":               func(b []byte) { b[24+40]++ },
			"strings":               func(b []byte) { b[24+36]++ },
			"artifact length":       func(b []byte) { b[80]++ },
		} {
			b := append([]byte(nil), files[name]...)
			change(b)
			le.PutUint32(b[8:], pages.Sum(b[12:4096]))
			_, err := index.ReadFile("f", source.Bytes(b))
			require.Error(t, err, "%s of %s", what, name)
		}
	}
}
