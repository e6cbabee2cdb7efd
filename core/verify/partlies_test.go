package verify_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/internal/resum"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/verify"
)

// sealPart updates every checksum of a part file, that of its artifact included.
func sealPart(b []byte) {
	size := binary.LittleEndian.Uint64(b[80:])
	artifact.Seal(b[index.ImageAt : index.ImageAt+size])
	copy(b[24:], b[index.ImageAt:index.ImageAt+artifact.HeaderSize])
	resum.File(b, nil)
}

// TestPartRecordLies changes each byte of a record in a part file and updates the
// checksums: a run compares the record with its frame as those of index.fbati.
func TestPartRecordLies(t *testing.T) {
	files, part := longstore.New(t, 30)
	whole := files[part]
	sealed := slices.Clone(whole)
	sealPart(sealed)
	require.Equal(t, whole, sealed)
	table := int(binary.LittleEndian.Uint64(whole[index.ImageAt+48:]))
	for _, record := range []int{0, 13, 29} {
		at := index.ImageAt + artifact.HeaderSize + table + record*artifact.RecordSize
		for off := range artifact.RecordSize {
			b := slices.Clone(whole)
			b[at+off] ^= 4
			sealPart(b)
			r := verifyLong(t, withFile(files, part, b))
			require.NotEmpty(t, r.Damages, "byte %d of record %d", off, record)
			for _, d := range r.Damages {
				require.Equal(t, part, d.File, "byte %d of record %d: %v", off, record, d)
			}
		}
	}
}

// TestPartHeaderLies changes the watermark, allocator and names of a part file's artifact
// and updates the checksums.
func TestPartHeaderLies(t *testing.T) {
	files, part := longstore.New(t, 30)
	for off := 12; off < artifact.HeaderSize+60; off++ {
		b := slices.Clone(files[part])
		b[index.ImageAt+off] ^= 2
		sealPart(b)
		r := verifyLong(t, withFile(files, part, b))
		reported := slices.ContainsFunc(r.Damages, func(d *damage.Damage) bool { return d.File == part }) ||
			slices.ContainsFunc(r.Notes, func(n verify.Note) bool { return n.File == part })
		require.True(t, reported, "byte %d", off)
	}
}

// TestIndexPadding flips a bit of each byte outside the sections and updates the
// checksums.
func TestIndexPadding(t *testing.T) {
	files, part := longstore.New(t, 30)
	for _, name := range []string{index.FileName, part} {
		whole := files[name]
		outside := files[artifact.FileName]
		used := make([]bool, len(whole))
		if name == part {
			outside = nil
			for i := range binary.LittleEndian.Uint64(whole[80:]) {
				used[index.ImageAt+i] = true
			}
		}
		for section := range 14 {
			at, size := resum.Section(whole, section)
			for i := range size {
				used[at+i] = true
			}
		}
		n := 0
		for at := 368; at < len(whole); at++ {
			if used[at] || at > 400 && at%7 != 0 && at < len(whole)-50 && at%pages.Size > 50 {
				continue
			}
			b := slices.Clone(whole)
			b[at] ^= 16
			if at >= pages.Size {
				resum.File(b, outside)
			} else if at >= 1024 && whole[at] != 0 {
				continue // a checksum
			} else {
				resum.Header(b)
			}
			r := verifyLong(t, withFile(files, name, b))
			require.NotEmpty(t, r.Damages, "byte %d of %s", at, name)
			require.Equal(t, name, r.Damages[0].File)
			n++
		}
		require.Greater(t, n, 100)
	}
}
