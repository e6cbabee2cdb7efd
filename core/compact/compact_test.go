package compact_test

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
	"maps"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/compact"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/core/visibility"
)

func hash(b []byte) (h event.Hash) {
	f := fnv.New128a()
	_, _ = f.Write(b)
	f.Sum(h[:0])
	return h
}

// maker makes stores of random sessions.
type maker struct {
	files directory.Memory
	log   *commit.Log
	n     int
	id    uint64
	now   int64
	ids   []event.ID
}

func newMaker() *maker {
	return &maker{files: directory.Memory{}, log: commit.NewLog(commit.NoHistory{}, 0), now: 1_790_000_000_000_000}
}

// entry returns the next event, of an entity.
func (m *maker) entry(entity int, payload []byte) commit.Entry {
	m.n++
	e := commit.Entry{
		Coordinate: event.At("e:"+strconv.Itoa(entity), "s:"+strconv.Itoa(entity%2)),
		Kind:       event.Kind(0x1000 + m.n%3), Payload: payload, Hash: hash(payload),
	}
	binary.BigEndian.PutUint64(e.ID[:], uint64(m.n))
	if len(m.ids) > 2 && m.n%4 == 0 {
		e.Causation, e.Correlation = m.ids[len(m.ids)-2], m.ids[0]
	}
	if m.n%5 == 0 {
		e.Meta = event.NewMeta(map[string]string{event.MetaActor: "a" + strconv.Itoa(m.n)})
	}
	m.ids = append(m.ids, e.ID)
	return e
}

// segment writes a segment with appends of so many events, each of an entity that pick chooses.
func (m *maker) segment(appends []int, sealed bool, pick func() int) {
	m.id++
	b := segment.AppendHeader(nil, segment.Header{CreatedNS: int64(m.id), SegmentID: m.id})
	m.log.Start(m.id, uint64(len(b)))
	for _, items := range appends {
		m.now += 1000
		var entries []commit.Entry
		for range items {
			entries = append(entries, m.entry(pick(), []byte("payload "+strconv.Itoa(m.n))))
		}
		var err error
		if items == 1 {
			_, err = m.log.Append(&entries[0], m.now)
		} else {
			_, err = m.log.AppendBatch(nil, entries, m.now)
		}
		if err != nil {
			panic(err)
		}
	}
	b = append(b, m.log.Frames()...)
	m.log.Commit()
	if sealed {
		b = m.log.Footer(b)
	}
	m.files[segment.Name(m.id)] = b
}

// made makes a random store, whose newest segment may be open.
func made(t *rapid.T) *maker {
	m := newMaker()
	segments := rapid.IntRange(1, 6).Draw(t, "segments")
	for i := range segments {
		appends := rapid.SliceOfN(rapid.IntRange(1, 4), 0, 6).Draw(t, "appends")
		m.segment(appends, i < segments-1 || rapid.Bool().Draw(t, "sealed"), func() int { return rapid.IntRange(0, 3).Draw(t, "entity") })
	}
	if m.n > 0 && rapid.Bool().Draw(t, "hiding") {
		start := rapid.Uint64Range(0, uint64(m.n-1)).Draw(t, "hidden")
		end := rapid.Uint64Range(start+1, uint64(m.n)).Draw(t, "shown")
		m.files[visibility.FileName] = visibility.AppendFile(nil, visibility.Ranges{{Start: start, End: end}})
	}
	return m
}

func open(t require.TestingT, files directory.Memory) *store.Snapshot {
	s, err := store.Open(files, store.Options{Hash: hash})
	require.NoError(t, err)
	require.Empty(t, s.Report().Damages)
	return s
}

// seen is an event as readers see it and as its frame has it, wherever it lies.
type seen struct {
	event.Event
	frame  string
	hidden bool
}

// everything returns all events of a store, with the frames' content.
func everything(t require.TestingT, s *store.Snapshot) (all []seen) {
	hidden := s.Report().HiddenRanges
	for e, err := range s.Everything(0) {
		require.NoError(t, err)
		raw, err := s.FrameBytes(e)
		require.NoError(t, err)
		v := seen{Event: e, frame: string(raw), hidden: hidden.Hides(e.Sequence)}
		if _, err := s.Read(e); !errors.Is(err, store.ErrRedacted) {
			require.NoError(t, err)
		}
		v.Position = event.Position{}
		all = append(all, v)
	}
	return all
}

// compacted runs a plan and returns the files afterwards.
func compacted(t require.TestingT, files directory.Memory, p compact.Plan) (directory.Memory, *compact.Result) {
	s := open(t, files)
	written := directory.Memory{}
	r, err := compact.Run(s, p, func(id uint64, b []byte) error {
		written[segment.Name(id)] = append(written[segment.Name(id)], b...)
		return nil
	})
	require.NoError(t, err)
	out := maps.Clone(files)
	for _, id := range r.Replaced {
		delete(out, segment.Name(id))
	}
	require.Len(t, written, len(r.Files))
	after := uint64(0)
	for _, f := range r.Files {
		require.Contains(t, r.Replaced, f.ID)
		b := written[segment.Name(f.ID)]
		require.Len(t, b, int(f.Size))
		after += f.Size
		out[segment.Name(f.ID)] = b
	}
	require.Equal(t, r.After, after)
	return out, r
}

// TestCompaction: after a compaction with random verdicts an open from the segments alone shows
// exactly the survivors, unchanged; the store is sound, and Edit says where each frame went.
func TestCompaction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := made(t)
		before := open(t, m.files)
		ids := before.Segments()
		if !before.NewestSealed() {
			ids = ids[:len(ids)-1]
		}
		if len(ids) == 0 {
			t.Skip()
		}
		from := rapid.IntRange(0, len(ids)-1).Draw(t, "from")
		to := rapid.IntRange(from, len(ids)-1).Draw(t, "to")
		p := compact.Plan{From: ids[from], To: ids[to], SegmentSize: rapid.SampledFrom([]uint64{0, 3000, 8000}).Draw(t, "size")}
		verdicts := map[uint64]compact.Verdict{}
		if rapid.Bool().Draw(t, "judged") {
			few := rapid.Bool().Draw(t, "few")
			p.Judge = func(e *event.Event) compact.Verdict {
				v := compact.Verdict(rapid.IntRange(0, 3).Draw(t, "verdict"))
				if few && e.Sequence%4 != 0 {
					v = compact.Keep
				}
				verdicts[e.Sequence] = v
				return v
			}
		}
		files, r := compacted(t, m.files, p)
		after := open(t, files)
		var want []seen
		for _, e := range everything(t, before) {
			switch verdicts[e.Sequence] {
			case compact.Drop:
				continue
			case compact.Tombstone:
				e.Kind = event.Tombstone
				fallthrough
			case compact.Redact:
				frame, err := segment.Redact(nil, []byte(e.frame), e.Kind)
				require.NoError(t, err)
				e.frame = string(frame)
			}
			want = append(want, e)
		}
		got := everything(t, after)
		require.Len(t, got, len(want))
		for i := range want {
			require.Equal(t, want[i], got[i])
		}
		require.Equal(t, before.Report().NextSequence, after.Report().NextSequence)
		checkEdit(t, before, after, r)
		sound(t, files)
	})
}

// sound verifies a store.
func sound(t require.TestingT, files directory.Memory) *verify.Result {
	v, err := verify.Run(files, verify.Options{Hash: hash})
	require.NoError(t, err)
	if len(v.Damages) > 0 {
		s, _ := store.Open(files, store.Options{})
		for e := range s.Everything(0) {
			println(e.Position.Segment, e.Position.Offset, e.Sequence, e.Entity, e.Clock, e.PrevHash.String()[:8], e.EventHash.String()[:8])
		}
	}
	require.Empty(t, v.Damages)
	return v
}

// checkEdit checks that Edit makes the records of before those of after.
func checkEdit(t require.TestingT, before, after *store.Snapshot, r *compact.Result) {
	want := map[uint64]event.Facts{}
	for e, err := range after.Everything(0) {
		require.NoError(t, err)
		want[e.Sequence] = e.Facts
	}
	for e, err := range before.Everything(0) {
		require.NoError(t, err)
		raw := artifact.Raw(artifact.AppendRecord(nil, &event.Record{Facts: e.Facts, Entity: 7, Scope: 8}))
		now, kept := want[e.Sequence]
		require.Equal(t, kept, r.Edit(raw))
		if kept {
			require.Equal(t, event.Record{Facts: now, Entity: 7, Scope: 8}, raw.Decode())
		}
	}
}
