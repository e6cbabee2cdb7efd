package store_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
)

// TestRefreshFiles changes one thing in a directory: a refresh reads files that only
// grew, and after any other change the caller has to open again.
func TestRefreshFiles(t *testing.T) {
	log := newSession(t, 0).begin(1).append(2).seal()
	start := map[string][]byte{"000001.fbat": log.seg}
	start["000002.fbat"] = log.begin(2).append(2).seal().seg
	start["000003.fbat"] = log.begin(3).append(2).seg
	two := newSession(t, 4).begin(3)
	head := len(two.seg)
	third := start["000003.fbat"]
	sealed := newSession(t, 0).begin(1).append(2).begin(2).append(2).begin(3).append(2).seal().seg
	frame := (len(third) - head) / 2
	longer := slices.Clone(log.append(1).seg) // of which third is the beginning
	// Other events of the same lengths, of which the first is the same.
	for range 2 {
		two.entry()
	}
	other := slices.Concat(third[:head+frame], two.append(2).seg[head:])
	s, err := store.Open(directory.Memory(start), store.Options{})
	require.NoError(t, err)
	whole := written(t, s, artifact.Watermark{Segment: 3, Offset: uint64(len(third))})

	for _, c := range []struct {
		name   string
		change func(files map[string][]byte)
		stamp  string // the name that leads elsewhere now
		reload bool
		events uint64 // 0: s itself
	}{
		{name: "nothing"},
		{name: "the newest segment grew", change: func(f map[string][]byte) { f["000003.fbat"] = longer }, events: 7},
		{name: "a segment came", change: func(f map[string][]byte) {
			f["000003.fbat"] = sealed
			f["000004.fbat"] = newSession(t, 6).begin(4).append(3).seg
		}, events: 9},
		{name: "a segment came after an unclean stop", change: func(f map[string][]byte) {
			f["000004.fbat"] = newSession(t, 6).begin(4).append(3).seg
		}, reload: true},
		{name: "an older segment is longer", change: func(f map[string][]byte) {
			f["000001.fbat"] = append(slices.Clone(f["000001.fbat"]), 0)
		}, reload: true},
		{name: "an older segment is shorter", change: func(f map[string][]byte) {
			f["000002.fbat"] = f["000002.fbat"][:len(f["000002.fbat"])-1]
		}, reload: true},
		{name: "an older segment is another", stamp: "000001.fbat", reload: true},
		{name: "an older segment is gone", change: func(f map[string][]byte) { delete(f, "000002.fbat") }, reload: true},
		{name: "the newest segment is another", stamp: "000003.fbat", reload: true},
		{name: "the newest segment is shorter", change: func(f map[string][]byte) {
			f["000003.fbat"] = third[:len(third)-1]
		}, reload: true},
		{name: "the newest segment is gone", change: func(f map[string][]byte) { delete(f, "000003.fbat") }, reload: true},
		{name: "the last event was taken back, and others came", change: func(f map[string][]byte) {
			f["000003.fbat"] = other
		}, reload: true},
		{name: "index.fbati came", change: func(f map[string][]byte) { f[artifact.FileName] = whole }, reload: true},
		{name: "index.ckpt came", change: func(f map[string][]byte) { f[checkpoint.FileName] = []byte{1} }, reload: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := &watched{Memory: maps.Clone(start)}
			s, err := store.Open(files, store.Options{})
			require.NoError(t, err)
			require.EqualValues(t, 6, s.Report().Events)
			require.Empty(t, s.Report().Damages)
			if c.change != nil {
				c.change(files.Memory)
			}
			files.look = func(name string, e directory.Entry, err error) (directory.Entry, error) {
				if name == c.stamp {
					e.Stamp++
				}
				return e, err
			}
			got, reload, err := s.Refresh(nil)
			require.NoError(t, err)
			require.Equal(t, c.reload, reload)
			switch {
			case c.reload:
				require.Nil(t, got)
			case c.events == 0:
				require.Same(t, s, got)
			default:
				require.Equal(t, c.events, got.Report().Events)
				fresh, err := store.Open(directory.Memory(files.Memory), store.Options{})
				require.NoError(t, err)
				require.Equal(t, dump(t, fresh), dump(t, got))
			}
		})
	}
}

// TestRefreshCommitCut: the COMMIT of the last batch is cut off, and its events can
// still be read. They are gone, as in an open.
func TestRefreshCommitCut(t *testing.T) {
	seg := newSession(t, 0).begin(1).append(1).batch(2).seg
	files := directory.Memory{"000001.fbat": seg}
	s, err := store.Open(files, store.Options{})
	require.NoError(t, err)
	require.EqualValues(t, 3, s.Report().Events)
	last := collect(t, s.Query(query.Region{}, query.Page{}))[2]
	for _, end := range []uint64{last.Position.End(), last.Position.End() + 1, uint64(len(seg)) - 1} {
		files["000001.fbat"] = seg[:end]
		_, err = s.Read(last)
		require.NoError(t, err)
		_, reload, err := s.Refresh(nil)
		require.NoError(t, err)
		require.True(t, reload)
		fresh, err := store.Open(files, store.Options{})
		require.NoError(t, err)
		require.EqualValues(t, 1, fresh.Report().Events)
	}
}

// TestRefreshWidensHidden: a loss of unknown size before a range that comes later
// widens it, as in an open.
func TestRefreshWidensHidden(t *testing.T) {
	log := newSession(t, 0).begin(1).append(4).seal()
	files := &watched{Memory: map[string][]byte{"000001.fbat": log.seg, "000009.fbat": nil}}
	files.Memory["000002.fbat"] = log.begin(2).append(4).seg
	files.look = func(name string, e directory.Entry, err error) (directory.Entry, error) {
		e.Regular = name != "000009.fbat"
		return e, err
	}
	s, err := store.Open(files, store.Options{})
	require.NoError(t, err)
	require.Len(t, s.Report().Damages, 1)
	require.Equal(t, damage.NotRegular, s.Report().Damages[0].Reason)
	require.EqualValues(t, 8, s.Report().Events)
	files.Memory[visibility.FileName] = visibility.AppendFile(nil, visibility.Ranges{{Start: 3, End: 5}})
	for _, grows := range []bool{false, true} {
		if grows {
			files.Memory["000002.fbat"] = log.append(1).seg
		}
		fresh, err := store.Open(files, store.Options{})
		require.NoError(t, err)
		require.Equal(t, visibility.Ranges{{Start: 0, End: 5}}, fresh.Report().HiddenRanges)
		got, reload, err := s.Refresh(nil)
		require.NoError(t, err)
		require.False(t, reload)
		require.Equal(t, fresh.Report().HiddenRanges, got.Report().HiddenRanges)
		require.Equal(t, dump(t, fresh), dump(t, got))
	}
}
