package extract_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/extract"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/kindnames"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
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

// made makes a random store: several segments, batches, hidden events, names of kinds.
func made(t *rapid.T) directory.Memory {
	files := directory.Memory{}
	log := commit.NewLog(commit.NoHistory{}, 0)
	n, now := 0, int64(1_790_000_000_000_000)
	var ids []event.ID
	entry := func() commit.Entry {
		n++
		payload := rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "payload")
		e := commit.Entry{
			Coordinate: event.At("e:"+strconv.Itoa(rapid.IntRange(0, 4).Draw(t, "entity")), "s:"+strconv.Itoa(rapid.IntRange(0, 2).Draw(t, "scope"))),
			Kind:       event.Kind(0x1000 + rapid.IntRange(0, 3).Draw(t, "kind")),
			Payload:    payload, Hash: hash(payload),
		}
		binary.BigEndian.PutUint64(e.ID[:], uint64(n))
		if len(ids) > 0 && rapid.Bool().Draw(t, "caused") {
			e.Causation = rapid.SampledFrom(ids).Draw(t, "cause")
			e.Correlation = ids[0]
		}
		if rapid.Bool().Draw(t, "attached") {
			e.Meta = event.NewMeta(map[string]string{event.MetaActor: "a" + strconv.Itoa(n)})
		}
		ids = append(ids, e.ID)
		return e
	}
	segments := rapid.IntRange(1, 4).Draw(t, "segments")
	for id := uint64(1); id <= uint64(segments); id++ {
		b := segment.AppendHeader(nil, segment.Header{CreatedNS: 1, SegmentID: id})
		log.Start(id, uint64(len(b)))
		for range rapid.IntRange(1, 6).Draw(t, "appends") {
			now += int64(rapid.IntRange(-5000, 5000).Draw(t, "time"))
			var entries []commit.Entry
			for range rapid.IntRange(1, 4).Draw(t, "items") {
				entries = append(entries, entry())
			}
			var err error
			if len(entries) == 1 {
				_, err = log.Append(&entries[0], now)
			} else {
				_, err = log.AppendBatch(nil, entries, now)
			}
			require.NoError(t, err)
		}
		b = append(b, log.Frames()...)
		log.Commit()
		if id < uint64(segments) || rapid.Bool().Draw(t, "sealed") {
			b = log.Footer(b)
		}
		files[segment.Name(id)] = b
	}
	if rapid.Bool().Draw(t, "hiding") {
		start := rapid.Uint64Range(0, uint64(n-1)).Draw(t, "hidden")
		end := rapid.Uint64Range(start+1, uint64(n)).Draw(t, "shown")
		files[visibility.FileName] = visibility.AppendFile(nil, visibility.Ranges{{Start: start, End: end}})
	}
	if rapid.Bool().Draw(t, "named") {
		b, err := kindnames.Append(nil, map[event.Kind]string{0x1000: "placed"})
		require.NoError(t, err)
		files[kindnames.FileName] = b
	}
	return files
}

func region(t *rapid.T) (r query.Region, p query.Page) {
	switch rapid.IntRange(0, 5).Draw(t, "region") {
	case 1:
		r.Entity = "e:" + strconv.Itoa(rapid.IntRange(0, 4).Draw(t, "of"))
	case 2:
		r.EntityPrefix = "e:"
		r.Kinds = event.Only(event.Kind(0x1000 + rapid.IntRange(0, 3).Draw(t, "only")))
	case 3:
		r.Scope = "s:1"
	case 4:
		r.Clocks = query.ClocksBetween(1, 2)
	}
	if rapid.Bool().Draw(t, "paged") {
		p.From = rapid.Uint64Range(0, 20).Draw(t, "from")
		p.Limit = rapid.IntRange(0, 10).Draw(t, "limit")
	}
	return r, p
}

// extracted copies a selection into a directory in memory.
func extracted(t require.TestingT, files directory.Files, s *store.Snapshot, events iter.Seq2[event.Event, error], o extract.Options) (directory.Memory, extract.Result) {
	out := directory.Memory{}
	last := uint32(0)
	r, err := extract.Run(files, s, events, o, func(file uint32, b []byte) error {
		require.NotEmpty(t, b)
		require.LessOrEqual(t, len(b), extract.ChunkSize)
		require.GreaterOrEqual(t, file, last, "one file after the other")
		last = file
		name := segment.Name(uint64(file))
		if file == extract.NamesFile {
			name = kindnames.FileName
		}
		out[name] = append(out[name], b...)
		return nil
	})
	require.NoError(t, err)
	return out, r
}

// all returns events with their payloads, and without their positions.
func all(t require.TestingT, s *store.Snapshot, events iter.Seq2[event.Event, error]) (out []event.Full) {
	for e, err := range s.ReadEach(events) {
		require.NoError(t, err)
		e.Position = event.Position{}
		e.Payload = slices.Clone(e.Payload)
		out = append(out, e)
	}
	return out
}

func open(t require.TestingT, files directory.Files, hash func([]byte) event.Hash) *store.Snapshot {
	s, err := store.Open(files, store.Options{Seed: 7, Hash: hash})
	require.NoError(t, err)
	return s
}

// sound requires an extract to have no damage, and notes that say only what is missing.
func sound(t require.TestingT, files directory.Memory, events []event.Full, hash func([]byte) event.Hash) {
	r, err := verify.Run(files, verify.Options{Hash: hash, Seed: 3})
	require.NoError(t, err)
	require.Empty(t, r.Damages)
	missing := uint64(0)
	marked := 0
	for _, n := range r.Notes {
		require.Contains(t, []verify.Topic{verify.Extract, verify.NoSnapshot, verify.DuplicateID, verify.ChainFork}, n.Topic, n.String())
		if n.Topic == verify.Extract {
			marked++
			var k uint64
			if n.End > 0 {
				_, err := fmt.Sscanf(n.Detail, "selected or salvaged events of another store; %d of", &k)
				require.NoError(t, err)
			}
			missing += k
		}
	}
	segments := 0
	for name := range files {
		if _, ok := segment.ParseName(name); ok {
			segments++
		}
	}
	require.Equal(t, segments, marked)
	if len(events) > 0 {
		require.Equal(t, events[len(events)-1].Sequence+1-uint64(len(events)), missing, "every missing sequence counts")
	}
	require.Equal(t, uint64(len(events)), r.Events)
}

// TestExtract: the events of random regions of random stores are the events of the extract,
// which is sound.
func TestExtract(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		files := made(t)
		s := open(t, files, hash)
		which, page := region(t)
		o := extract.Options{SegmentSize: rapid.SampledFrom([]uint64{0, 1, 1500, 3000}).Draw(t, "size")}
		out, r := extracted(t, files, s, s.Query(which, page), o)
		want := all(t, s, s.Query(which, page))
		copied := open(t, out, hash)
		require.Equal(t, want, all(t, copied, copied.Query(query.Region{}, query.Page{})))
		require.Empty(t, copied.Report().Damages)
		require.Empty(t, copied.Report().Rejected, "its footers are used")
		require.False(t, copied.Report().Unclosed)
		sound(t, out, want, hash)
		require.Equal(t, uint64(len(want)), r.Events)
		require.Empty(t, r.LeftOut)
		if len(want) > 0 {
			require.Equal(t, want[0].Sequence, r.First)
			require.Equal(t, want[len(want)-1].Sequence+1, r.End)
			require.Equal(t, r.End, copied.Report().NextSequence)
		}
		require.Equal(t, files[kindnames.FileName], out[kindnames.FileName])
		if o.SegmentSize > 1 {
			for name, b := range out {
				_, ok := segment.ParseName(name)
				require.True(t, !ok || uint64(len(b)) <= o.SegmentSize || len(want) == 1 || oneFrame(t, out, name))
			}
		}
		again, _ := extracted(t, files, s, s.Query(which, page), o)
		require.Equal(t, out, again, "one selection always gives the same bytes")
	})
}

// oneFrame reports whether a segment has a single event, and so may be of any length.
func oneFrame(t require.TestingT, files directory.Memory, name string) bool {
	id, _ := segment.ParseName(name)
	s := open(t, files, hash)
	n := 0
	for e, err := range s.Query(query.Region{}, query.Page{}) {
		require.NoError(t, err)
		if e.Position.Segment == id {
			n++
		}
	}
	return n == 1
}

// TestFixtures: every third event, and every entity, of the stores that batpak wrote.
func TestFixtures(t *testing.T) {
	for _, name := range fixture.Names() {
		t.Run(name, func(t *testing.T) {
			files := directory.Memory(fixture.Store(name))
			s := open(t, files, nil)
			some := func(keep func(i int, e event.Event) bool) iter.Seq2[event.Event, error] {
				return func(yield func(event.Event, error) bool) {
					i := 0
					for e, err := range s.Query(query.Region{}, query.Page{}) {
						if (err != nil || keep(i, e)) && !yield(e, err) {
							return
						}
						i++
					}
				}
			}
			selections := map[string]iter.Seq2[event.Event, error]{
				"all":   s.Query(query.Region{}, query.Page{}),
				"third": some(func(i int, _ event.Event) bool { return i%3 == 2 }),
				"even":  some(func(i int, _ event.Event) bool { return i%2 == 0 }),
			}
			for e, err := range s.Entities("", query.NamePage{}) {
				require.NoError(t, err)
				selections[e.Name] = s.Query(query.Region{Entity: e.Name}, query.Page{})
			}
			for of, events := range selections {
				out, r := extracted(t, files, s, events, extract.Options{SegmentSize: 2000})
				want := all(t, s, events)
				copied := open(t, out, nil)
				require.Equal(t, want, all(t, copied, copied.Query(query.Region{}, query.Page{})), of)
				require.Empty(t, r.LeftOut)
				sound(t, out, want, nil)
			}
		})
	}
}

// TestDamage: a damaged event of the selection is left out and named, and the events around
// it are copied. Without an index, which alone knows of the event, the store's damage is
// counted.
func TestDamage(t *testing.T) {
	files := directory.Memory(fixture.Store("rotated"))
	s := open(t, files, nil)
	events := slices.Collect(func(yield func(event.Event) bool) {
		for e := range s.Query(query.Region{}, query.Page{}) {
			if !yield(e) {
				return
			}
		}
	})
	hurt := events[1]
	name := segment.Name(hurt.Position.Segment)
	files[name] = slices.Clone(files[name])
	files[name][hurt.Position.Offset+uint64(hurt.Position.Length)/2] ^= 1

	out, r := extracted(t, files, s, s.Query(query.Region{}, query.Page{}), extract.Options{})
	require.Equal(t, uint64(len(events)-1), r.Events)
	require.Len(t, r.LeftOut, 1)
	require.Equal(t, hurt.ID, r.LeftOut[0].ID)
	require.Equal(t, hurt.Sequence, r.LeftOut[0].Sequence)
	var d *damage.Damage
	require.ErrorAs(t, r.LeftOut[0].Err, &d)
	require.Equal(t, hurt.Position.Offset, d.Offset)
	require.Zero(t, r.Damages)
	copied := open(t, out, nil)
	_, err := copied.Get(hurt.ID)
	require.ErrorIs(t, err, store.ErrNotFound)
	require.Equal(t, uint64(len(events)-1), copied.Report().Events)
	found, err := verify.Run(out, verify.Options{})
	require.NoError(t, err)
	require.Empty(t, found.Damages)

	delete(files, "index.fbati")
	delete(files, "index.ckpt")
	s = open(t, files, nil)
	_, r = extracted(t, files, s, s.Query(query.Region{}, query.Page{}), extract.Options{})
	require.Empty(t, r.LeftOut)
	require.Equal(t, 1, r.Damages)
}

// TestDamagedExtract: the flag of an extract hides no damage. What is flipped or cut in one of
// its segments, and a segment that is missing before another, verification finds. As in any
// store without a sync mark, a cut of the last segment is a torn tail.
func TestDamagedExtract(t *testing.T) {
	files := directory.Memory(fixture.Store("rotated"))
	s := open(t, files, nil)
	out, r := extracted(t, files, s, s.Query(query.Region{}, query.Page{From: 3}), extract.Options{SegmentSize: 6000})
	require.Greater(t, r.Files, 3)
	damages := func(name string, b []byte) (int, []verify.Note) {
		hurt := maps.Clone(out)
		if hurt[name] = b; b == nil {
			delete(hurt, name)
		}
		found, err := verify.Run(hurt, verify.Options{})
		require.NoError(t, err)
		return len(found.Damages), found.Notes
	}
	_, whole := damages("", nil)
	// Nothing repeats these parts of a header.
	head := out[segment.Name(1)]
	created := bytes.Index(head, []byte("created_ns")) + len("created_ns")
	flags := bytes.Index(head, []byte("flags")) + len("flags")
	for n := range r.Files {
		name, last := segment.Name(uint64(n+1)), n == r.Files-1
		b := out[name]
		for i := 0; i < len(b); i += 1 + 16*min(i/100, 1) {
			bad := slices.Clone(b)
			bad[i] ^= 1 << (i % 8)
			found, notes := damages(name, bad)
			switch {
			case i > created && i <= created+8:
			case i > flags && i <= flags+2 || last:
				require.True(t, found > 0 || !reflect.DeepEqual(whole, notes), "%s, byte %d", name, i)
			default:
				require.NotZero(t, found, "%s, byte %d", name, i)
			}
			found, _ = damages(name, b[:i:i])
			require.True(t, found > 0 || last, "%s, cut at %d", name, i)
		}
		if found, _ := damages(name, nil); !last {
			require.NotZero(t, found, name)
		}
	}
}

var errTest = errors.New("test")

// failing is a directory that cannot open a segment.
type failing struct {
	directory.Memory
	name string
}

func (f *failing) Open(name string) (source.Source, error) {
	if name == f.name {
		return nil, errTest
	}
	return f.Memory.Open(name)
}

// TestErrors: a failed read, a failed iteration and a failed put end the extract.
func TestErrors(t *testing.T) {
	files := directory.Memory(fixture.Store("rotated"))
	disk := &failing{Memory: files}
	s := open(t, disk, nil)
	disk.name = segment.Name(1)
	_, err := extract.Run(files, s, s.Query(query.Region{}, query.Page{}), extract.Options{}, func(uint32, []byte) error { return nil })
	require.ErrorIs(t, err, errTest)
	require.ErrorIs(t, err, source.ErrRead)

	s = open(t, files, nil)
	n := 0
	for put := range 3 { // with segments this small, puts of every sort fail
		_, err = extract.Run(files, s, s.Query(query.Region{}, query.Page{}), extract.Options{SegmentSize: 1}, func(uint32, []byte) error {
			if n++; n > put {
				return errTest
			}
			return nil
		})
		require.Equal(t, errTest, err)
		n = 0
	}
	_, err = extract.Run(files, s, func(yield func(event.Event, error) bool) {
		for e := range s.Query(query.Region{}, query.Page{}) {
			yield(e, nil)
			break
		}
		yield(event.Event{}, errTest)
	}, extract.Options{}, func(uint32, []byte) error { return nil })
	require.Equal(t, errTest, err)

	w := extract.NewWriter(extract.Options{}, func(uint32, []byte) error { return nil })
	e := event.Event{Facts: event.Facts{Sequence: 3}, Coordinate: event.At("e", "s")}
	require.NoError(t, w.Add(&e, []byte("frame")))
	require.Equal(t, extract.ErrOrder, w.Add(&e, []byte("frame")))
}

// TestLongFrame: a frame that is longer than a chunk comes in several.
func TestLongFrame(t *testing.T) {
	files := directory.Memory{}
	log := commit.NewLog(commit.NoHistory{}, 0)
	b := segment.AppendHeader(nil, segment.Header{CreatedNS: 1, SegmentID: 1})
	log.Start(1, uint64(len(b)))
	for n, size := range []int{1, 3 * extract.ChunkSize, 40, extract.ChunkSize - 700} {
		payload := slices.Repeat([]byte{0xc0}, size)
		e := commit.Entry{
			Coordinate: event.At("e", "s"), Kind: event.Data, Payload: payload, Hash: hash(payload), ID: event.ID{1, byte(n)},
		}
		_, err := log.Append(&e, 1)
		require.NoError(t, err)
	}
	b = append(b, log.Frames()...)
	log.Commit()
	files[segment.Name(1)] = log.Footer(b)
	s := open(t, files, hash)
	require.Equal(t, uint64(4), s.Report().Events)
	out, r := extracted(t, files, s, s.Query(query.Region{}, query.Page{}), extract.Options{SegmentSize: 10})
	require.Equal(t, uint64(4), r.Events)
	require.Equal(t, 4, r.Files)
	want := all(t, s, s.Query(query.Region{}, query.Page{}))
	copied := open(t, out, hash)
	require.Equal(t, want, all(t, copied, copied.Query(query.Region{}, query.Page{})))
}

// TestManyDamaged: the list of events that were left out is bounded, their number is not.
func TestManyDamaged(t *testing.T) {
	const n = 1300
	log := commit.NewLog(commit.NoHistory{}, 0)
	b := segment.AppendHeader(nil, segment.Header{CreatedNS: 1, SegmentID: 1})
	log.Start(1, uint64(len(b)))
	for i := range n {
		e := commit.Entry{
			Coordinate: event.At("e", "s"), Kind: event.Data, Payload: []byte{0xc0}, Hash: hash([]byte{0xc0}),
			ID: event.ID{1, byte(i >> 8), byte(i)},
		}
		_, err := log.Append(&e, 1)
		require.NoError(t, err)
	}
	b = append(b, log.Frames()...)
	log.Commit()
	files := directory.Memory{segment.Name(1): log.Footer(b)}
	s := open(t, files, hash)
	for e, err := range s.Query(query.Region{}, query.Page{}) {
		require.NoError(t, err)
		if e.Sequence%10 != 0 {
			b[e.Position.End()-1] ^= 1
		}
	}
	files[segment.Name(1)] = log.Footer(b)
	_, r := extracted(t, files, s, s.Query(query.Region{}, query.Page{}), extract.Options{})
	require.Equal(t, uint64(n/10), r.Events)
	require.Len(t, r.LeftOut, 1000)
	require.Equal(t, uint64(n-n/10-1000), r.More)
	require.Zero(t, r.First)
	require.Equal(t, uint64(1291), r.End)
}
