package verify_test

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/internal/resum"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/verify"
)

func verifyLong(t *testing.T, files map[string][]byte) *verify.Result {
	r, err := verify.Run(directory.Memory(files), verify.Options{Hash: longstore.Hash})
	require.NoError(t, err)
	return r
}

func withFile(files map[string][]byte, name string, b []byte) map[string][]byte {
	out := maps.Clone(files)
	out[name] = b
	return out
}

// TestIndexFiles: a writer's store has no damage, and a run reads every file.
func TestIndexFiles(t *testing.T) {
	files, _ := longstore.New(t, 60)
	r := verifyLong(t, files)
	require.Empty(t, r.Damages)
	require.Equal(t, uint64(240), r.Events)
	total := 0
	for _, b := range files {
		total += len(b)
	}
	require.Equal(t, uint64(total), r.Bytes)
}

// TestIndexPages: a run finds one flipped bit in each page.
func TestIndexPages(t *testing.T) {
	files, part := longstore.New(t, 60)
	for _, name := range []string{index.FileName, part} {
		b := slices.Clone(files[name])
		for at := 11; at < len(b); at += pages.Size {
			b[at] ^= 4
			r := verifyLong(t, withFile(files, name, b))
			require.NotEmpty(t, r.Damages, "%s at %d", name, at)
			require.Equal(t, name, r.Damages[0].File)
			require.Equal(t, damage.Checksum, r.Damages[0].Reason)
			b[at] ^= 4
		}
	}
}

// TestIndexLies changes index files and updates their checksums: it moves, drops and
// doubles each number of each section, in free slots too, and changes each field of the
// header.
func TestIndexLies(t *testing.T) {
	files, part := longstore.New(t, 30)
	met := map[string]bool{}
	for _, name := range []string{index.FileName, part} {
		outside := files[artifact.FileName]
		if name == part {
			outside = nil
		}
		check := func(b []byte, what ...any) {
			r := verifyLong(t, withFile(files, name, b))
			require.NotEmpty(t, r.Damages, what)
			for _, d := range r.Damages {
				require.Equal(t, name, d.File, what)
				require.Equal(t, damage.Lookups, d.Reason, what)
				var why *index.Difference
				if errors.As(d, &why) { // else decoding the header fails
					require.Equal(t, why.Offset, d.Offset, what)
					met[why.What] = true
				}
			}
		}
		for section := range 14 {
			at, size := resum.Section(files[name], section)
			for off := uint64(0); off+4 <= size; off += 4 {
				for kind := range 3 {
					b := slices.Clone(files[name])
					number := b[at+off : at+off+4]
					switch {
					case kind == 0: // moved
						binary.LittleEndian.PutUint32(number, binary.LittleEndian.Uint32(number)+1)
					case kind == 1 && off+8 <= size: // doubled, and the next dropped
						copy(b[at+off+4:], number)
					case kind == 2 && off+8 <= size: // swapped
						next := [4]byte(b[at+off+4 : at+off+8])
						copy(b[at+off+4:], number)
						copy(number, next[:])
					}
					if slices.Equal(b, files[name]) || kind > 0 && off%28 != 0 {
						continue
					}
					resum.File(b, outside)
					check(b, name, section, off, kind)
				}
			}
		}
		// These are flags, first, last and seeds. The two after that, the digest of the
		// segments and the beginning of the part, may also make a file stale.
		for _, off := range []int{12, 88, 96, 104, 112} {
			b := slices.Clone(files[name])
			b[off] ^= 2
			resum.Header(b)
			check(b, name, "header", off)
		}
		for _, off := range []int{120, 128} {
			b := slices.Clone(files[name])
			b[off] ^= 2
			resum.Header(b)
			r := verifyLong(t, withFile(files, name, b))
			stale := slices.ContainsFunc(r.Notes, func(n verify.Note) bool { return n.Topic == verify.Stale && n.File == name })
			require.True(t, stale || len(r.Damages) > 0, "header %d of %s", off, name)
		}
	}
	require.Len(t, met, 14, "%v", met)
}

// TestStaleIndex: an index of another index.fbati is noted, and no damage.
func TestStaleIndex(t *testing.T) {
	files, part := longstore.New(t, 30)
	other, _ := longstore.New(t, 31)
	for name, b := range map[string][]byte{
		index.FileName: other[index.FileName], index.PartName(1, 2): files[part],
	} {
		r := verifyLong(t, withFile(files, name, b))
		require.Empty(t, r.Damages, name)
		require.True(t, slices.ContainsFunc(r.Notes, func(n verify.Note) bool { return n.Topic == verify.Stale && n.File == name }), name)
	}
}
