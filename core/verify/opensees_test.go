package verify_test

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/core/verify"
)

// seesWhatOpenSees fails unless verify reports each damage that an open reports, of
// the same file.
func seesWhatOpenSees(t *testing.T, name string, files map[string][]byte, hash func([]byte) event.Hash) (damaged bool) {
	t.Helper()
	r, err := verify.Run(directory.Memory(files), verify.Options{Hash: hash})
	require.NoError(t, err, name)
	var met []*damage.Damage
	s, err := store.Open(directory.Memory(files), store.Options{})
	var refused *damage.Damage
	if errors.As(err, &refused) {
		met = append(met, refused)
	} else {
		require.NoError(t, err, name)
		report := s.Report()
		met = report.Damages
	}
	for _, d := range met {
		damaged = true
		require.True(t, slices.ContainsFunc(r.Damages, func(v *damage.Damage) bool { return v.File == d.File }),
			"%s: an open reports %v; verify: %v", name, d, r.Damages)
	}
	return damaged
}

// marked adds a synced.thaw that says that the newest segment is on disk as it is.
func marked(files map[string][]byte, first uint64) map[string][]byte {
	newest := slices.Max(fixture.Segments(files))
	id, _ := segment.ParseName(newest)
	out := maps.Clone(files)
	out[synced.FileName] = synced.AppendSlot(nil, synced.Mark{Segment: id, Offset: uint64(len(files[newest])), First: first})
	return out
}

// without is files less some names.
func without(files map[string][]byte, names ...string) map[string][]byte {
	out := maps.Clone(files)
	for _, name := range names {
		delete(out, name)
	}
	return out
}

// TestSeesWhatOpenSees removes, shortens and changes every file of stores, with every
// set of their indexes: whatever an open then reports, verify reports, of the same file.
func TestSeesWhatOpenSees(t *testing.T) {
	long, part := longstore.New(t, 12)
	stores := map[string]map[string][]byte{
		"long": long, "long, synced": marked(long, 36),
		"batch, synced": marked(fixture.Store("batch"), 0), "rotated, synced": marked(fixture.Store("rotated"), 40),
	}
	for _, name := range fixture.Names() {
		stores[name] = fixture.Store(name)
	}
	for name, whole := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sum := hash
			if whole[part] != nil {
				sum = longstore.Hash
			}
			tried, damaged := 0, 0
			try := func(what string, files map[string][]byte) {
				tried++
				if seesWhatOpenSees(t, what, files, sum) {
					damaged++
				}
			}
			for what, files := range indexSets(whole, part) {
				try(what, files)
				for _, file := range slices.Sorted(maps.Keys(files)) {
					b := files[file]
					less := without(files, file)
					try(what+" without "+file, less)
					for _, other := range slices.Sorted(maps.Keys(less)) {
						try(what+" without "+file+" and "+other, without(less, other))
					}
					step := max(len(b)/7, 1)
					for at := 0; at < len(b); at += step {
						try(what+", "+file+" cut to "+strconv.Itoa(at), withFile(files, file, b[:at:at]))
						changed := slices.Clone(b)
						changed[at] ^= 0x20
						try(what+", "+file+" changed at "+strconv.Itoa(at), withFile(files, file, changed))
					}
					try(what+", "+file+" cut by 1", withFile(files, file, b[:max(len(b)-1, 0)]))
				}
			}
			t.Logf("%d variants, %d damaged", tried, damaged)
			require.Positive(t, damaged)
		})
	}
}

// indexSets are a store with all of its index files, with none, and without some.
func indexSets(files map[string][]byte, part string) map[string]map[string][]byte {
	sets := map[string]map[string][]byte{
		"whole":       files,
		"no index":    without(files, artifact.FileName, index.FileName, checkpoint.FileName, part),
		"no lookups":  without(files, index.FileName),
		"no artifact": without(files, artifact.FileName),
	}
	if files[part] != nil {
		sets["no part"] = without(files, part)
	}
	for what, set := range sets { // that of a store without such a file is the whole
		if what != "whole" && len(set) == len(files) {
			delete(sets, what)
		}
	}
	return sets
}

// TestLostNewest: the segment that synced.thaw names is gone. An open reports it, and
// verify reports that file and no other.
func TestLostNewest(t *testing.T) {
	long, part := longstore.New(t, 12)
	whole := marked(long, 36)
	for what, files := range indexSets(whole, part) {
		t.Run(what, func(t *testing.T) {
			files := without(files, "000004.fbat")
			require.True(t, seesWhatOpenSees(t, what, files, longstore.Hash))
			r := verifyLong(t, files)
			require.Len(t, r.Damages, 1)
			d := r.Damages[0]
			require.Equal(t, "000004.fbat", d.File)
			require.Equal(t, damage.SegmentMissing, d.Reason)
			require.EqualValues(t, 36, d.FirstSequence)
			require.Equal(t, uint64(len(whole["000004.fbat"])), d.Length)
		})
	}
	t.Run("nothing was written to it", func(t *testing.T) {
		files := without(long, "000004.fbat")
		files[synced.FileName] = synced.AppendSlot(nil, synced.Mark{Segment: 4, First: 36})
		require.Empty(t, verifyLong(t, files).Damages)
	})
}

// TestShortenedToTheIndex: the newest segment ends where the index does, and synced.thaw
// says that it was longer. Both an open and verify report it.
func TestShortenedToTheIndex(t *testing.T) {
	files, _ := longstore.New(t, 12)
	files = without(files, "000004.fbat")
	size := uint64(len(files["000003.fbat"]))
	files[synced.FileName] = synced.AppendSlot(nil, synced.Mark{Segment: 3, Offset: size + 100, First: 24})
	s, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	report := s.Report()
	require.Equal(t, store.FromIndex, report.OpenedFrom)
	for _, damages := range [][]*damage.Damage{report.Damages, verifyLong(t, files).Damages} {
		require.Len(t, damages, 1)
		require.Equal(t, damage.Shortened, damages[0].Reason)
		require.Equal(t, "000003.fbat", damages[0].File)
	}
	recovery, err := s.Recovery()
	require.NoError(t, err)
	require.Empty(t, recovery.File, "it is damaged, and gets no footer")
}
