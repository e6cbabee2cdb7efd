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

// seesWhatOpenSees fails unless verify reports damage of each file that an open reports
// damage of.
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

// withSyncMark adds a synced.thaw with the sync mark at the end of the newest segment.
func withSyncMark(files map[string][]byte, first uint64) map[string][]byte {
	newest := slices.Max(fixture.Segments(files))
	id, _ := segment.ParseName(newest)
	out := maps.Clone(files)
	out[synced.FileName] = synced.AppendSlot(nil, synced.Mark{Segment: id, Offset: uint64(len(files[newest])), First: first})
	return out
}

// without returns files without some names.
func without(files map[string][]byte, names ...string) map[string][]byte {
	out := maps.Clone(files)
	for _, name := range names {
		delete(out, name)
	}
	return out
}

// TestSeesWhatOpenSees removes, shortens and changes every file of stores, with each set of
// index files. verify must report every damage that an open reports, of the same file.
func TestSeesWhatOpenSees(t *testing.T) {
	long, part := longstore.New(t, 12)
	stores := map[string]map[string][]byte{
		"long": long, "long, synced": withSyncMark(long, 36),
		"batch, synced": withSyncMark(fixture.Store("batch"), 0), "rotated, synced": withSyncMark(fixture.Store("rotated"), 40),
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

// indexSets returns a store with all of its index files, with none, and without some.
func indexSets(files map[string][]byte, part string) map[string]map[string][]byte {
	sets := map[string]map[string][]byte{
		"whole":         files,
		"no index":      without(files, artifact.FileName, index.FileName, checkpoint.FileName, part),
		"no index.thaw": without(files, index.FileName),
		"no artifact":   without(files, artifact.FileName),
	}
	if files[part] != nil {
		sets["no part"] = without(files, part)
	}
	for what, set := range sets { // the store does not have the file
		if what != "whole" && len(set) == len(files) {
			delete(sets, what)
		}
	}
	return sets
}

// TestLostNewest: the segment that synced.thaw names is missing. An open reports it, and
// verify reports that file and no other.
func TestLostNewest(t *testing.T) {
	long, part := longstore.New(t, 12)
	whole := withSyncMark(long, 36)
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

// TestShortenedToTheIndex: the newest segment ends at the index's watermark, before the
// sync mark. Both an open and verify report it.
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
	require.Empty(t, recovery.File, "a damaged segment gets no footer")
}
