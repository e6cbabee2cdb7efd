package store_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/scratch"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/core/verify"
)

// session writes segments as a writer does.
type session struct {
	t    testing.TB
	log  *commit.Log
	name string
	seg  []byte
	id   byte
}

func newSession(t testing.TB, next uint64) *session {
	return &session{t: t, log: commit.NewLog(commit.NoHistory{}, next)}
}

func (s *session) begin(id uint64) *session {
	s.name, s.seg = segment.Name(id), segment.AppendHeader(nil, segment.Header{CreatedNS: 1, SegmentID: id})
	s.log.Start(id, uint64(len(s.seg)))
	return s
}

func (s *session) entry() commit.Entry {
	s.id++
	p := []byte{0xcc, s.id}
	return commit.Entry{Coordinate: event.At("e", "s"), Kind: event.Data, Payload: p, Hash: hash(p), ID: event.ID{14: 1, 15: s.id}}
}

// append appends events one by one.
func (s *session) append(n int) *session {
	for range n {
		e := s.entry()
		_, err := s.log.Append(&e, 1000*int64(s.id))
		require.NoError(s.t, err)
	}
	return s.write()
}

func (s *session) batch(n int) *session {
	var entries []commit.Entry
	for range n {
		entries = append(entries, s.entry())
	}
	_, err := s.log.AppendBatch(nil, entries, 1000*int64(s.id))
	require.NoError(s.t, err)
	return s.write()
}

func (s *session) write() *session {
	s.seg = append(s.seg, s.log.Frames()...)
	s.log.Commit()
	return s
}

func (s *session) seal() *session { s.seg = s.log.Footer(s.seg); return s }

// apply does to the files what r says, in the steps of a writer. It calls each with the
// files after every step and in the middle of writes.
func apply(files map[string][]byte, r store.Recovery, each func(map[string][]byte)) map[string][]byte {
	files = maps.Clone(files)
	if r.File == "" {
		return files
	}
	step := func(change func(map[string][]byte)) {
		change(files)
		each(maps.Clone(files))
	}
	if r.Remove {
		step(func(f map[string][]byte) { delete(f, r.File) })
	} else {
		step(func(f map[string][]byte) { f[r.File] = f[r.File][:r.Keep:r.Keep] })
		for n := range r.Footer {
			if n%9 > 0 && n < len(r.Footer)-20 {
				continue
			}
			half := maps.Clone(files)
			half[r.File] = slices.Concat(half[r.File], r.Footer[:n])
			each(half)
		}
		step(func(f map[string][]byte) { f[r.File] = slices.Concat(f[r.File], r.Footer) })
	}
	step(func(f map[string][]byte) { delete(f, synced.FileName) })
	return files
}

// recovered recovers the files and returns the result.
func recovered(t *testing.T, files map[string][]byte, each func(map[string][]byte)) (map[string][]byte, store.Recovery) {
	s, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	before := dump(t, s)
	r, err := s.Recovery()
	require.NoError(t, err)
	done := apply(files, r, each)
	s, err = store.Open(directory.Memory(done), store.Options{})
	require.NoError(t, err)
	require.Equal(t, before, dump(t, s), "the same events")
	again, err := s.Recovery()
	require.NoError(t, err)
	require.Equal(t, store.Recovery{Next: r.Next}, again, "nothing is left to do")
	return done, r
}

// TestRecovery recovers every kind of end.
func TestRecovery(t *testing.T) {
	none := ^uint64(0)
	for _, c := range []struct {
		name  string
		mark  uint64 // none for no mark
		make  func(*session) *session
		spoil func([]byte) []byte
		want  store.Recovery // without the footer
		sound bool
	}{
		{name: "sealed", mark: none, make: func(s *session) *session { return s.append(3).seal() }, want: store.Recovery{Next: 3}, sound: true},
		{name: "clean, unsealed", mark: none, make: func(s *session) *session { return s.append(3).batch(2) },
			want: store.Recovery{Next: 3, File: "000002.fbat", Keep: 5}, sound: true},
		{name: "a torn frame", mark: none, make: func(s *session) *session { return s.append(3) },
			spoil: func(b []byte) []byte { return b[:len(b)-3] }, want: store.Recovery{Next: 3, File: "000002.fbat", Keep: 2}, sound: true},
		{name: "garbage behind the mark", mark: 1, make: func(s *session) *session { return s.append(3) },
			spoil: func(b []byte) []byte { b[len(b)-600] ^= 1; return b },
			want:  store.Recovery{Next: 3, File: "000002.fbat", Keep: 1, SetAside: true}, sound: true},
		{name: "a torn batch", mark: none, make: func(s *session) *session { return s.append(2).batch(3) },
			spoil: func(b []byte) []byte { return b[:len(b)-500] }, want: store.Recovery{Next: 3, File: "000002.fbat", Keep: 2}, sound: true},
		{name: "a torn batch alone", mark: none, make: func(s *session) *session { return s.batch(3) },
			spoil: func(b []byte) []byte { return b[:len(b)-500] }, want: store.Recovery{Next: 2, File: "000002.fbat", Remove: true}, sound: true},
		{name: "a footer half written", mark: none, make: func(s *session) *session { return s.append(3).seal() },
			spoil: func(b []byte) []byte { return b[:len(b)-200] }, want: store.Recovery{Next: 3, File: "000002.fbat", Keep: 3}, sound: true},
		{name: "a footer without its last byte", mark: none, make: func(s *session) *session { return s.append(3).seal() },
			spoil: func(b []byte) []byte { return b[:len(b)-1] }, want: store.Recovery{Next: 3, File: "000002.fbat", Keep: 3}, sound: true},
		{name: "a footer that nobody vouches for", mark: 3, make: func(s *session) *session { return s.append(3).seal() },
			want: store.Recovery{Next: 3, File: "000002.fbat", Keep: 3}, sound: true},
		{name: "a footer with another trailer", mark: none, make: func(s *session) *session { return s.append(3).seal() },
			spoil: func(b []byte) []byte { b[len(b)-1] ^= 1; return b }, want: store.Recovery{Next: 3}},
		{name: "a header cut short", mark: none, make: func(s *session) *session { return s },
			spoil: func(b []byte) []byte { return b[:20] }, want: store.Recovery{Next: 2, File: "000002.fbat", Remove: true}, sound: true},
		{name: "an empty file", mark: 0, make: func(s *session) *session { return s },
			spoil: func(b []byte) []byte { return nil }, want: store.Recovery{Next: 2, File: "000002.fbat", Remove: true}, sound: true},
		{name: "a header of garbage behind the mark", mark: 0, make: func(s *session) *session { return s.append(2) },
			spoil: func(b []byte) []byte { b[1] ^= 1; return b },
			want:  store.Recovery{Next: 2, File: "000002.fbat", Remove: true, SetAside: true}, sound: true},
		{name: "a header alone", mark: 0, make: func(s *session) *session { return s },
			want: store.Recovery{Next: 2, File: "000002.fbat", Remove: true}, sound: true},
		{name: "damaged", mark: none, make: func(s *session) *session { return s.append(3) },
			spoil: func(b []byte) []byte { b[100] ^= 1; return b }, want: store.Recovery{Next: 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			first := newSession(t, 0).begin(1).append(2).seal()
			one := first.seg
			s := c.make(first.begin(2))
			whole := s.seg
			_, head, err := segment.DecodeHeader(whole)
			require.NoError(t, err)
			place := func(event uint64) uint64 { // after the events of segment 2
				if event == 0 {
					return uint64(head)
				}
				run := s.log.Committed(2)
				end := run.At(int(event) - 1).Position().End()
				if event == 5 { // and the COMMIT after it
					end = s.log.Offset()
				}
				return end
			}
			files := map[string][]byte{"000001.fbat": one}
			if c.mark != none {
				offset := uint64(0)
				if c.mark > 0 {
					offset = place(c.mark)
				}
				files[synced.FileName] = synced.AppendSlot(nil, synced.Mark{Segment: 2, Offset: offset, First: 2})
			}
			seg := slices.Clone(whole)
			if c.spoil != nil {
				seg = c.spoil(seg)
			}
			files["000002.fbat"] = seg
			want := c.want
			switch {
			case want.Remove:
				want.Cut = uint64(len(seg))
			case want.File != "":
				want.Keep = place(want.Keep)
				want.Cut = uint64(len(seg)) - want.Keep
			}
			var states []map[string][]byte
			done, got := recovered(t, files, func(f map[string][]byte) { states = append(states, f) })
			if want.File != "" && !want.Remove {
				require.NotEmpty(t, got.Footer)
			}
			got.Footer = nil
			require.Equal(t, want, got)
			if want.File != "" && want.Keep == s.log.Offset() {
				require.Equal(t, s.log.Footer(slices.Clone(whole[:want.Keep])), done["000002.fbat"], "as if it had been closed")
			}
			for i, f := range states { // a stop in the middle, and recovery again
				again, _ := recovered(t, f, func(map[string][]byte) {})
				delete(again, synced.FileName)
				require.Equal(t, done, again, "state %d", i)
			}
			result, err := verify.Run(directory.Memory(done), verify.Options{Hash: hash})
			require.NoError(t, err)
			require.Equal(t, c.sound, result.Sound(), "%v", result.Err())
		})
	}
}

// TestRecoveryMixed: a segment with an abandoned batch of batpak's and events after it
// gets no footer; a torn end after them is cut off.
func TestRecoveryMixed(t *testing.T) {
	s := newSession(t, 0).begin(1).append(1).batch(2)
	files := map[string][]byte{}
	whole := s.seg
	// The COMMIT goes, and an event of a later time comes.
	n := s.log.Committed(0).At(2).Position().End()
	e := s.entry()
	e.Hash = hash(e.Payload)
	_, err := s.log.Append(&e, 99_000)
	require.NoError(t, err)
	seg := slices.Concat(whole[:n], s.log.Frames())
	for _, torn := range []int{0, 7, 300} {
		files["000001.fbat"] = slices.Concat(seg, s.log.Frames()[:torn])
		done, r := recovered(t, files, func(map[string][]byte) {})
		require.Empty(t, r.Footer)
		require.Equal(t, torn > 0, r.File != "")
		require.Equal(t, seg, done["000001.fbat"])
		// A segment after it finds no damage there.
		done["000002.fbat"] = newSession(t, 2).begin(2).append(1).seal().seg
		o, err := store.Open(directory.Memory(done), store.Options{})
		require.NoError(t, err)
		require.Empty(t, o.Report().Damages)
		require.EqualValues(t, 3, o.Report().Events)
	}
}

// TestRecoveryMixedHeader: an unfinished batch of batpak's runs into the next segment,
// whose header is not whole. That segment is removed: as an empty file it would be
// damage once others follow, and batpak would not open the store.
func TestRecoveryMixedHeader(t *testing.T) {
	s := newSession(t, 0).begin(1).append(1)
	s.batch(2)
	run := s.log.Committed(0)
	n := run.At(2).Position().End()
	seg := commit.AppendFooter(slices.Clone(s.seg[:n]), run.To(1), n)
	header := newSession(t, 1).begin(2).seg
	for torn := range header {
		files := map[string][]byte{"000001.fbat": seg, "000002.fbat": header[:torn]}
		done, r := recovered(t, files, func(map[string][]byte) {})
		require.Equal(t, map[string][]byte{"000001.fbat": seg}, done)
		require.True(t, r.Remove)
		require.EqualValues(t, 2, r.Next)
	}
}

// TestRecoveryFooterOfParts: an index covers the segment up to one of its events, so that its footer
// is made from two parts with names in common, of which the second one may be put aside. It is the
// one that a close would have made.
func TestRecoveryFooterOfParts(t *testing.T) {
	for _, options := range []store.Options{{}, {Scratch: scratch.Memory{}, SpillAfter: 1}} {
		testFooterOfParts(t, options)
	}
}

func testFooterOfParts(t *testing.T, options store.Options) {
	for covered := range 7 {
		s := newSession(t, 0).begin(1)
		for _, entity := range []string{"b", "a", "b", "c", "a", "d", "b"} {
			e := s.entry()
			e.Entity = entity
			_, err := s.log.Append(&e, 1000*int64(s.id))
			require.NoError(t, err)
		}
		s.write()
		files := map[string][]byte{"000001.fbat": slices.Clone(s.seg)}
		if covered > 0 {
			run := s.log.Committed(0)
			d := artifact.NewDraft()
			for i := range covered {
				r := run.At(i)
				entity, err := d.Intern(run.Names().At(r.Entity()))
				require.NoError(t, err)
				scope, err := d.Intern(run.Names().At(r.Scope()))
				require.NoError(t, err)
				require.NoError(t, d.AddRaw(r, entity, scope))
			}
			end := run.At(covered - 1).Position().End()
			files[artifact.FileName] = d.AppendFile(nil, artifact.Watermark{Segment: 1, Offset: end}, uint64(covered))
		}
		o, err := store.Open(directory.Memory(files), options)
		require.NoError(t, err)
		require.Equal(t, options.Scratch != nil, o.Spilled())
		require.Empty(t, o.Report().Rejected)
		require.EqualValues(t, 7-covered, o.Report().TailEvents)
		r, err := o.Recovery()
		require.NoError(t, err)
		require.Equal(t, s.log.Footer(nil), r.Footer)
	}
}

// TestRecoveryCommitAlone: the items of a batch of batpak's filled a segment, so the
// next holds only its COMMIT. It is kept, since the events depend on it.
func TestRecoveryCommitAlone(t *testing.T) {
	s := newSession(t, 0).begin(1).append(1)
	s.batch(2)
	run := s.log.Committed(0)
	n := run.At(2).Position().End()
	end := s.seg[n:]
	next := newSession(t, 3).begin(2).seg
	for _, torn := range []int{0, 5} {
		files := map[string][]byte{
			"000001.fbat": commit.AppendFooter(slices.Clone(s.seg[:n]), run.To(1), n), // batpak leaves the batch out
			"000002.fbat": slices.Concat(next, end, end[:torn]),
		}
		done, r := recovered(t, files, func(map[string][]byte) {})
		require.False(t, r.Remove)
		require.EqualValues(t, 3, r.Next)
		require.Equal(t, files["000002.fbat"][:len(next)+len(end)], done["000002.fbat"][:len(next)+len(end)])
		o, err := store.Open(directory.Memory(done), store.Options{})
		require.NoError(t, err)
		require.EqualValues(t, 3, o.Report().Events)
		require.Empty(t, o.Report().Unfinished)
		require.Empty(t, o.Report().Damages)
	}
}
