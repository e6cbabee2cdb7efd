package salvage_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/salvage"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/visibility"
)

// frames returns the steps of a walk over a segment.
func frames(b []byte) (steps []segment.Step) {
	_, n, _ := segment.ReadHeader(byteSource(b))
	w := segment.NewWalker(byteSource(b), uint64(n))
	for {
		s, ok := w.Next()
		if !ok {
			return steps
		}
		body := *s.Body
		s.Body = &body
		steps = append(steps, s)
	}
}

type byteSource []byte

func (b byteSource) Size() int64 { return int64(len(b)) }
func (b byteSource) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(b).ReadAt(p, off)
}

// TestFiles salvages stores whose files have other names than they should.
func TestFiles(t *testing.T) {
	whole := small(t, true)
	one, two, three := segment.Name(1), segment.Name(2), segment.Name(3)
	for _, c := range []struct {
		name   string
		change func(files directory.Memory)
		files  []salvage.File
		lost   bool
	}{
		{"renamed", func(f directory.Memory) { f["saved"] = f[two]; delete(f, two) }, []salvage.File{{Name: "saved", Use: salvage.Moved, As: two}}, false},
		{"the newest renamed", func(f directory.Memory) { f["saved.fbat"] = f[three]; delete(f, three) }, []salvage.File{{Name: "saved.fbat", Use: salvage.Moved, As: three}}, false},
		{"under the name of a later segment", func(f directory.Memory) { f[segment.Name(7)] = f[two]; delete(f, two) }, []salvage.File{{Name: segment.Name(7), Use: salvage.Moved, As: two}}, false},
		{"a copy", func(f directory.Memory) { f["copy.bak"] = f[two] }, []salvage.File{{Name: "copy.bak", Use: salvage.Copy}}, false},
		{"a copy under the name of another segment", func(f directory.Memory) { f[segment.Name(4)] = f[two] }, []salvage.File{{Name: segment.Name(4), Use: salvage.Copy}}, false},
		{"another segment's header under a name", func(f directory.Memory) {
			_, n, _ := segment.DecodeHeader(f[two])
			f[segment.Name(4)] = f[two][:n]
		}, []salvage.File{{Name: segment.Name(4), Use: salvage.Copy}}, false},
		{"a copy whose original is damaged", func(f directory.Memory) {
			f[segment.Name(4)] = f[two]
			f[two] = bytes.Clone(f[two])
			f[two][300] ^= 1
		}, []salvage.File{{Name: segment.Name(4), Use: salvage.Searched}}, false},
		{"batpak's leftover", func(f directory.Memory) { f[one+".compact-src"] = f[one]; delete(f, one) }, []salvage.File{{Name: one + ".compact-src", Use: salvage.Moved, As: one}}, false},
		{"another program's", func(f directory.Memory) { f["notes.txt"] = []byte("FBAT is a magic") }, nil, false},
		{"a segment id of another", func(f directory.Memory) {
			f[two] = bytes.Clone(f[two])
			i := bytes.Index(f[two], []byte("segment_id")) + len("segment_id")
			f[two][i] = 1
		}, nil, false},
		{"missing", func(f directory.Memory) { delete(f, two) }, nil, true},
	} {
		for _, indexes := range []bool{false, true} {
			t.Run(c.name, func(t *testing.T) {
				files := maps.Clone(whole)
				if indexes {
					files = indexed(t, files)
				}
				c.change(files)
				got, r := salvaged(t, files, salvage.Options{})
				requireSound(t, got)
				if !slices.ContainsFunc(r.Files, func(f salvage.File) bool { return f.Use == salvage.Searched }) || !indexes {
					require.Equal(t, c.files, r.Files)
				}
				require.Equal(t, c.lost, !r.Whole(), "%+v", r.Findings)
				if !c.lost {
					require.Equal(t, contents(t, whole), contents(t, got))
					require.Equal(t, visible(t, whole), visible(t, got))
				}
			})
		}
	}
}

// TestMissingSegment: what a missing segment held is reported by what is left: an index that lists
// its events, or the clocks of its entities.
func TestMissingSegment(t *testing.T) {
	whole := small(t, true)
	for _, indexes := range []bool{false, true} {
		files := maps.Clone(whole)
		if indexes {
			files = indexed(t, files)
		}
		delete(files, segment.Name(2))
		s, err := salvage.Examine(files, salvage.Options{Hash: hash})
		require.NoError(t, err)
		r := s.Report()
		of := map[string][2]uint64{}
		for _, f := range r.Findings {
			if f.Entity != "" {
				require.Equal(t, salvage.Lost, f.Outcome)
				at, ok := of[f.Entity]
				if !ok {
					at = [2]uint64{f.FirstClock, f.EndClock}
				}
				of[f.Entity] = [2]uint64{min(at[0], f.FirstClock), max(at[1], f.EndClock)}
			}
		}
		require.Equal(t, [2]uint64{3, 6}, of["one"])
		_, named := of["of:2"]
		require.Equal(t, indexes, named, "only an index knows the last events of an entity")
		l, err := s.Lineage(1_790_000_000_000)
		require.NoError(t, err)
		require.EqualValues(t, 1, l.Generation)
		require.True(t, l.Covers(4, lineage.Lost))
		require.True(t, l.Covers(7, lineage.Lost))
		require.False(t, l.Covers(8))
		require.False(t, l.Covers(3))
		require.Equal(t, contents(t, whole)[l.Identity].Sequence, uint64(0), "the identity stays")
	}
}

// TestGarbage: bytes between two frames hide none.
func TestGarbage(t *testing.T) {
	whole := small(t, true)
	for _, step := range frames(whole[segment.Name(2)]) {
		for _, garbage := range [][]byte{{0}, make([]byte, 5000), bytes.Repeat([]byte{0x83, 0xa5, 'e', 'v'}, 100)} {
			files := maps.Clone(whole)
			files[segment.Name(2)] = slices.Insert(bytes.Clone(files[segment.Name(2)]), int(step.Offset), garbage...)
			got, r := salvaged(t, files, salvage.Options{})
			requireSound(t, got)
			require.Len(t, contents(t, got), 12, "at %d: %+v", step.Offset, r.Findings)
		}
	}
}

// TestHalfBatches: an item is damaged, or a marker.
func TestHalfBatches(t *testing.T) {
	whole := small(t, false)
	steps := frames(whole[segment.Name(3)])
	kinds := map[event.Kind]int{}
	for i, s := range steps {
		kinds[s.Body.Kind] = i
	}
	begin, commit := kinds[event.SystemBatchBegin], kinds[event.SystemBatchCommit]
	damaged := func(i int) directory.Memory {
		files := maps.Clone(whole)
		b := bytes.Clone(files[segment.Name(3)])
		b[steps[i].Offset+4] ^= 1 // its checksum
		files[segment.Name(3)] = b
		return files
	}
	got, r := salvaged(t, damaged(begin+1), salvage.Options{})
	requireSound(t, got)
	require.Len(t, contents(t, got), 11, "the batch was committed, so its other item is kept")
	require.EqualValues(t, 1, r.Kept, "%+v", r.Findings)
	require.EqualValues(t, 1, r.Lost)

	got, r = salvaged(t, damaged(commit), salvage.Options{})
	requireSound(t, got)
	require.Len(t, contents(t, got), 10, "it may not have been committed")
	require.EqualValues(t, 2, r.LeftOut)
	got, r = salvaged(t, damaged(commit), salvage.Options{KeepDoubtful: true})
	requireSound(t, got)
	require.Equal(t, contents(t, whole), contents(t, got))
	require.EqualValues(t, 2, r.Kept)

	got, _ = salvaged(t, indexed(t, whole), salvage.Options{})
	require.Equal(t, contents(t, whole), contents(t, got))
	files := damaged(commit)
	for name, b := range indexed(t, whole) {
		if _, ok := files[name]; !ok {
			files[name] = b
		}
	}
	got, r = salvaged(t, files, salvage.Options{})
	require.Equal(t, contents(t, whole), contents(t, got), "an index lists only committed events")
	require.True(t, r.Whole())
}

// TestHidden: without the file that says what is hidden nothing is salvaged, unless that is
// wanted.
func TestHidden(t *testing.T) {
	files := small(t, true)
	files[visibility.FileName] = bytes.Clone(files[visibility.FileName])
	files[visibility.FileName][20] ^= 1
	_, err := salvage.Examine(files, salvage.Options{Hash: hash})
	var d *damage.Damage
	require.ErrorAs(t, err, &d)
	require.Equal(t, visibility.FileName, d.File)
	got, r := salvaged(t, files, salvage.Options{ShowHidden: true})
	require.Len(t, visible(t, got), 12)
	require.True(t, r.Whole())
	require.NotEmpty(t, r.Rejected)
}
