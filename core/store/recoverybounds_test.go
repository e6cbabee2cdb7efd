package store_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/synced"
)

// TestRecoveryLeavesDamage: of a newest segment with damage, only bytes that were never
// proven to be on disk are cut off, and never all of it.
func TestRecoveryLeavesDamage(t *testing.T) {
	start := func() (files map[string][]byte, two *session) {
		s := newSession(t, 0).begin(1).append(2).seal()
		files = map[string][]byte{"000001.fbat": s.seg}
		s.begin(2).append(3)
		files["000002.fbat"] = s.seg
		return files, s
	}
	markAt := func(files map[string][]byte, offset uint64) {
		files[synced.FileName] = synced.AppendSlot(nil, synced.Mark{Segment: 2, Offset: offset, First: 2})
	}
	// indexed adds an index.fbati of all events.
	indexed := func(files map[string][]byte) {
		s, err := store.Open(directory.Memory(files), store.Options{})
		require.NoError(t, err)
		files[artifact.FileName] = written(t, s, artifact.Watermark{Segment: 2, Offset: uint64(len(files["000002.fbat"]))})
	}
	for _, c := range []struct {
		name  string
		spoil func(files map[string][]byte, two *session)
		want  func(files map[string][]byte, two *session) store.Recovery
	}{
		{"damage, and a torn end that nothing says was not acknowledged",
			func(files map[string][]byte, _ *session) {
				seg := files["000002.fbat"][:len(files["000002.fbat"])-3]
				seg[100] ^= 1
				files["000002.fbat"] = seg
			},
			func(map[string][]byte, *session) store.Recovery { return store.Recovery{Next: 3} }},
		{"damage, and an end behind the mark",
			func(files map[string][]byte, two *session) {
				markAt(files, two.log.Committed(3).At(0).Position().End())
				seg := files["000002.fbat"][:len(files["000002.fbat"])-3]
				seg[100] ^= 1
				files["000002.fbat"] = seg
			},
			func(files map[string][]byte, two *session) store.Recovery {
				keep := two.log.Committed(3).At(0).Position().End()
				return store.Recovery{Next: 3, File: "000002.fbat", Keep: keep, Cut: uint64(len(files["000002.fbat"])) - keep}
			}},
		{"an index lists events of a segment that has no header",
			func(files map[string][]byte, _ *session) {
				indexed(files)
				files["000002.fbat"] = files["000002.fbat"][:20]
			},
			func(map[string][]byte, *session) store.Recovery { return store.Recovery{Next: 3} }},
		{"an index lists events of a segment of which the mark proves nothing",
			func(files map[string][]byte, _ *session) {
				indexed(files)
				markAt(files, 0)
				files["000002.fbat"] = files["000002.fbat"][:20]
			},
			func(map[string][]byte, *session) store.Recovery { return store.Recovery{Next: 3} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			files, two := start()
			c.spoil(files, two)
			s, err := store.Open(directory.Memory(files), store.Options{})
			require.NoError(t, err)
			require.NotEmpty(t, s.Report().Damages)
			require.NotNil(t, s.Report().Torn)
			r, err := s.Recovery()
			require.NoError(t, err)
			require.Equal(t, c.want(files, two), r)
		})
	}
}

// TestRecoveryBareHeader: a segment with only a sound header is removed, and the bytes
// after it are set aside when they are more than one write cut short.
func TestRecoveryBareHeader(t *testing.T) {
	one := newSession(t, 0).begin(1).append(2).seal().seg
	for _, c := range []struct {
		name     string
		change   func(seg []byte, head int) []byte
		setAside bool
	}{
		{"nothing", func(seg []byte, head int) []byte { return seg[:head] }, false},
		{"the beginning of a frame", func(seg []byte, head int) []byte { return seg[:head+50] }, false},
		{"a whole frame with a wrong checksum", func(seg []byte, head int) []byte { seg[head+60] ^= 1; return seg }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSession(t, 2).begin(2)
			head := len(s.seg)
			seg := c.change(slices.Clone(s.append(3).seg), head)
			_, r := recovered(t, map[string][]byte{
				"000001.fbat": one, "000002.fbat": seg,
				synced.FileName: synced.AppendSlot(nil, synced.Mark{Segment: 2, Offset: uint64(head), First: 2}),
			}, func(map[string][]byte) {})
			require.Equal(t, store.Recovery{
				Next: 2, File: "000002.fbat", Remove: true, Cut: uint64(len(seg)), SetAside: c.setAside,
			}, r)
		})
	}
}

// TestRecoveryLostNewest: the id of a segment that the sync mark names and that is gone
// is not used again, and the segments left are not changed.
func TestRecoveryLostNewest(t *testing.T) {
	one := newSession(t, 0).begin(1).append(2).seg // unsealed: it looks like the newest
	for _, c := range []struct {
		mark synced.Mark
		want store.Recovery
	}{
		{synced.Mark{Segment: 2, Offset: 500, First: 2}, store.Recovery{Next: 3}},
		{synced.Mark{Segment: 7, Offset: 1, First: 2}, store.Recovery{Next: 8}},
	} {
		s, err := store.Open(directory.Memory(map[string][]byte{
			"000001.fbat": one, synced.FileName: synced.AppendSlot(nil, c.mark),
		}), store.Options{})
		require.NoError(t, err)
		require.Len(t, s.Report().Damages, 1)
		require.Equal(t, damage.SegmentMissing, s.Report().Damages[0].Reason)
		r, err := s.Recovery()
		require.NoError(t, err)
		require.Equal(t, c.want, r)
	}
	// The id of a segment of which the mark proves nothing is free.
	s, err := store.Open(directory.Memory(map[string][]byte{
		"000001.fbat": one, synced.FileName: synced.AppendSlot(nil, synced.Mark{Segment: 7, First: 2}),
	}), store.Options{})
	require.NoError(t, err)
	require.Empty(t, s.Report().Damages)
	r, err := s.Recovery()
	require.NoError(t, err)
	require.EqualValues(t, 2, r.Next)
	require.NotEmpty(t, r.Footer)
}
