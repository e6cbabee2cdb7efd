package index_test

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/internal/fuzzing"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

const segmentSize = 1 << 40

// anywhere allows segments 1 to 9, of a terabyte each.
func anywhere() index.Bounds {
	return index.Bounds{
		NextSequence: artifact.MaxAllocator,
		Watermark:    artifact.Watermark{Segment: 9, Offset: segmentSize},
		SegmentSize: func(id uint64) (uint64, bool) {
			return segmentSize, 1 <= id && id <= 9
		},
	}
}

// file hides that a source is memory.
type file struct{ source.Bytes }

// model is the records as a plain slice, with their names.
type model struct {
	names   []string // by number
	records []event.Record
}

func (m *model) number(name string) uint32 {
	i := slices.Index(m.names, name)
	if i < 0 {
		i = len(m.names)
		m.names = append(m.names, name)
	}
	return uint32(i)
}

// numbers lists the numbers of records for which f holds.
func (m *model) numbers(f func(r *event.Record) bool) []uint32 {
	out := []uint32{}
	for i := range m.records {
		if f(&m.records[i]) {
			out = append(out, uint32(i))
		}
	}
	return out
}

func (m *model) file(t rapid.TB, allocator uint64) []byte {
	d := artifact.NewDraft()
	for i := range m.records {
		r := &m.records[i]
		require.NoError(t, d.Append(&r.Facts, []byte(m.names[r.Entity]), []byte(m.names[r.Scope])))
	}
	return d.AppendFile(nil, artifact.Watermark{Segment: 9, Offset: segmentSize}, allocator)
}

// open builds an index over the model, in memory or in a file.
func (m *model) open(t rapid.TB, asFile bool, seed uint64) (*index.Index, *index.Reader) {
	b := m.file(t, artifact.MaxAllocator)
	var src source.Source = source.Bytes(b)
	if asFile {
		src = file{b}
	}
	h, err := artifact.ReadHeader(src)
	require.NoError(t, err)
	names, err := strtab.Decode(b[artifact.HeaderSize:h.RecordsAt()])
	require.NoError(t, err)
	img := index.FileImage(src, &h)
	var seen []byte
	tables, err := index.Build(index.Input{Image: img, Names: names, Bounds: anywhere(), Seed: seed, Each: func(off uint64, block []byte) error {
		require.Equal(t, h.RecordsAt()+uint64(len(seen)), off)
		seen = append(seen, block...)
		return nil
	}})
	require.NoError(t, err)
	require.True(t, bytes.Equal(b[h.RecordsAt():], seen))
	require.EqualValues(t, len(m.records), tables.Records())
	return tables, index.NewReader(&img, tables)
}

// models draws few ids, names and kinds, so that they repeat often.
func models() *rapid.Generator[*model] {
	return rapid.Custom(func(t *rapid.T) *model {
		m := &model{names: []string{""}}
		pool := rapid.SampledFrom([]string{
			"a", "aa", "ab", "b", "order:1", "order:2", "order:10", "é", "日本", "日", "\x00", "\U0010ffff", "\u00ff",
			"\uffff", "a\uffff", "a\U0010ffffz", strings.Repeat("n", 1024), strings.Repeat("n", 300),
		})
		id := rapid.Custom(func(t *rapid.T) (id event.ID) {
			if rapid.Bool().Draw(t, "low") {
				id[15] = byte(rapid.IntRange(0, 12).Draw(t, "id"))
			} else {
				id[0] = byte(rapid.IntRange(0, 12).Draw(t, "id"))
			}
			return id
		})
		kind := rapid.SampledFrom([]event.Kind{0, 1, event.Tombstone, 0x0fff, event.Data, 0x1001, 0x1fff, 0x2000, 0xd001, 0xf000, 0xffff})
		dense := rapid.Bool().Draw(t, "dense")
		unique := rapid.Bool().Draw(t, "unique")
		sequence := rapid.Uint64Max(5).Draw(t, "first")
		p := event.Position{Segment: 1, Offset: 57}
		clocks := map[uint32]uint32{}
		rising := rapid.Bool().Draw(t, "rising")
		for i := range rapid.OneOf(rapid.IntRange(0, 2), rapid.IntRange(0, 60)).Draw(t, "records") {
			if i > 0 {
				sequence++
				if !dense {
					sequence += rapid.Uint64Max(3).Draw(t, "hole")
				}
			}
			if rapid.IntRange(0, 9).Draw(t, "rotate") == 0 && p.Segment < 9 {
				p = event.Position{Segment: p.Segment + 1, Offset: 57}
			}
			p.Offset += uint64(p.Length)
			p.Length = rapid.Uint32Range(9, 400).Draw(t, "length")
			r := event.Record{Entity: m.number(pool.Draw(t, "entity")), Scope: m.number(pool.Draw(t, "scope"))}
			r.Facts = event.Facts{
				Sequence: sequence, ID: id.Draw(t, "id"), Correlation: id.Draw(t, "correlation"), Causation: id.Draw(t, "causation"),
				Kind: kind.Draw(t, "kind"), Position: p, Clock: clocks[r.Entity],
			}
			clocks[r.Entity]++
			if !rising {
				r.Clock = rapid.SampledFrom([]uint32{0, 1, 2, 3, math.MaxUint32}).Draw(t, "clock")
			}
			if unique {
				r.ID[7] = byte(i) + 1
			}
			if rapid.Bool().Draw(t, "own") {
				r.Correlation = r.ID
			}
			m.records = append(m.records, r)
		}
		return m
	})
}

func items(t rapid.TB, r *index.Reader, l index.List) []uint32 {
	out := []uint32{}
	for i := range l.Len() {
		n, err := r.Item(l, i)
		require.NoError(t, err)
		out = append(out, n)
	}
	return out
}

// TestReaderAgainstModel calls every method with everything.
func TestReaderAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := models().Draw(t, "model")
		tables, r := m.open(t, rapid.Bool().Draw(t, "file"), rapid.Uint64().Draw(t, "seed"))
		check(t, m, tables, r)
	})
}

// TestBuildHidesNothing checks Build's result by sorting the records, which is
// not how Build works.
func TestBuildHidesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := models().Draw(t, "model")
		b := m.file(t, artifact.MaxAllocator)
		h, err := artifact.ReadHeader(source.Bytes(b))
		require.NoError(t, err)
		names, err := strtab.Decode(b[artifact.HeaderSize:h.RecordsAt()])
		require.NoError(t, err)
		img := index.FileImage(source.Bytes(b), &h)
		tables, err := index.Build(index.Input{Image: img, Names: names, Bounds: anywhere(), Seed: rapid.Uint64().Draw(t, "seed")})
		require.NoError(t, err)
		require.Empty(t, index.Prove(t, &img, tables, anywhere().SegmentSize))
	})
}

func check(t rapid.TB, m *model, tables *index.Index, r *index.Reader) {
	n := uint32(len(m.records))
	require.Equal(t, n, r.Count())
	require.EqualValues(t, len(m.names), r.Names())
	// records
	for i := range m.records {
		raw, err := r.Record(uint32(i))
		require.NoError(t, err)
		require.Equal(t, m.records[i], raw.Decode())
	}
	_, err := r.Record(n)
	require.ErrorIs(t, err, index.ErrTable)
	// names
	sorted := slices.Clone(m.names[1:])
	slices.Sort(sorted)
	for i, name := range m.names {
		got, err := r.Name(uint32(i))
		require.NoError(t, err)
		require.Equal(t, name, string(got))
		got, err = r.NameOfMany(uint32(i))
		require.NoError(t, err)
		require.Equal(t, name, string(got))
		number, ok, err := r.FindName([]byte(name))
		require.NoError(t, err)
		require.Equal(t, i > 0, ok, "%q", name)
		if ok {
			require.EqualValues(t, i, number)
		}
	}
	_, err = r.Name(uint32(len(m.names)))
	require.ErrorIs(t, err, index.ErrTable)
	for _, absent := range []string{"zz", "a\x00", "order:", "\xff", strings.Repeat("n", 1025)} {
		_, ok, err := r.FindName([]byte(absent))
		require.NoError(t, err)
		require.False(t, ok)
	}
	prefixes := []string{"", "a", "aa", "aaa", "order:", "order:1", "n", "日", "\xe6", "\xe6\x97", "\xf4", "\xff", "\xff\xff", "\x00", "zz", "\xc3\xbf", "\xef\xbf\xbf"}
	for _, prefix := range append(prefixes, m.names...) {
		lo, hi, err := r.NamesWithPrefix([]byte(prefix))
		require.NoError(t, err)
		require.LessOrEqual(t, lo, hi)
		got := []string{}
		for i := lo; i < hi; i++ {
			number, err := r.OrderedName(i)
			require.NoError(t, err)
			got = append(got, m.names[number])
		}
		want := []string{}
		for _, name := range sorted {
			if strings.HasPrefix(name, prefix) {
				want = append(want, name)
			}
		}
		require.Equal(t, want, got, "%q", prefix)
	}
	_, err = r.OrderedName(uint32(len(sorted)))
	require.ErrorIs(t, err, index.ErrTable)
	// lists of strings
	for i := range m.names {
		i := uint32(i)
		l, err := r.Entity(i)
		require.NoError(t, err)
		require.Equal(t, m.numbers(func(r *event.Record) bool { return r.Entity == i }), items(t, r, l))
		for from := range n + 2 {
			rest, err := r.From(l, from)
			require.NoError(t, err)
			want := slices.DeleteFunc(items(t, r, l), func(k uint32) bool { return k < from })
			require.Equal(t, want, items(t, r, rest))
		}
		l, err = r.Scope(i)
		require.NoError(t, err)
		require.Equal(t, m.numbers(func(r *event.Record) bool { return r.Scope == i }), items(t, r, l))
	}
	_, err = r.Entity(uint32(len(m.names)))
	require.ErrorIs(t, err, index.ErrTable)
	_, err = r.Scope(math.MaxUint32)
	require.ErrorIs(t, err, index.ErrTable)
	// kinds
	for _, span := range [][2]event.Kind{{0, 0xffff}, {0, 0}, {1, 1}, {0x1000, 0x1fff}, {0x1001, 0x1001}, {0x3000, 0x3fff}, {0xf000, 0xffff}, {2, 1}, {0, 0xfff}} {
		lists, err := r.Kinds(span[0], span[1])
		require.NoError(t, err)
		got := []uint32{}
		for _, l := range lists {
			part := items(t, r, l)
			require.NotEmpty(t, part)
			require.True(t, slices.IsSorted(part))
			for _, k := range part {
				require.Equal(t, m.records[part[0]].Kind, m.records[k].Kind)
			}
			got = append(got, part...)
		}
		slices.Sort(got)
		require.Equal(t, m.numbers(func(r *event.Record) bool { return span[0] <= r.Kind && r.Kind <= span[1] }), got)
	}
	// sequences
	for i := range m.records {
		s, err := r.Sequence(uint32(i))
		require.NoError(t, err)
		require.Equal(t, m.records[i].Sequence, s)
	}
	last := uint64(0)
	if n > 0 {
		last = m.records[n-1].Sequence
	}
	for _, s := range append([]uint64{math.MaxUint64, 1 << 40, last + 1}, sequences(last)...) {
		got, err := r.After(s)
		require.NoError(t, err)
		want := m.numbers(func(r *event.Record) bool { return r.Sequence < s })
		require.EqualValues(t, len(want), got, "after %d", s)
	}
	// ids
	ids := []event.ID{{}, {1, 2, 3}}
	for _, rec := range m.records {
		ids = append(ids, rec.ID, rec.Correlation, rec.Causation)
	}
	duplicate := false
	for _, id := range ids {
		of := m.numbers(func(r *event.Record) bool { return r.ID == id })
		duplicate = duplicate || len(of) > 1
		for skip := range len(of) + 1 {
			admitted := 0
			got, ok, err := r.FindID(id, func(raw artifact.Raw) bool { admitted++; return admitted > skip })
			require.NoError(t, err)
			require.Equal(t, skip < len(of), ok)
			if ok {
				require.Equal(t, of[skip], got)
			}
		}
		l, err := r.Correlated(id)
		require.NoError(t, err)
		require.Equal(t, m.numbers(func(r *event.Record) bool { return r.Correlation == id && r.ID != id }), items(t, r, l))
		l, err = r.Caused(id)
		require.NoError(t, err)
		require.Equal(t, m.numbers(func(r *event.Record) bool { return r.Causation == id && !id.IsZero() }), items(t, r, l))
	}
	require.Equal(t, !duplicate, tables.UniqueIDs())
	// clocks
	rise, clocks := true, map[uint32]uint32{}
	for _, rec := range m.records {
		if before, ok := clocks[rec.Entity]; ok && rec.Clock <= before {
			rise = false
		}
		clocks[rec.Entity] = rec.Clock
	}
	require.Equal(t, rise, r.EntityClocksRise())
	// segments
	var want []index.Segment
	for i, rec := range m.records {
		if k := len(want); k == 0 || want[k-1].ID != rec.Position.Segment {
			want = append(want, index.Segment{ID: rec.Position.Segment, Length: segmentSize, First: uint32(i)})
		}
		want[len(want)-1].Records++
	}
	got, err := r.Segments()
	require.NoError(t, err)
	require.Equal(t, append([]index.Segment{}, want...), got)
}

func sequences(last uint64) (out []uint64) {
	for s := range last + 2 {
		out = append(out, s)
	}
	return out
}

// plain returns a model of n records of one entity, dense, with distinct ids.
func plain(n int) *model {
	m := &model{names: []string{"", "e", "s"}}
	for i := range n {
		id := event.ID{1, 2, 3, byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}
		m.records = append(m.records, event.Record{
			Facts: event.Facts{
				Sequence: uint64(i), ID: id, Correlation: id, Kind: event.Data, Clock: uint32(i),
				Position: event.Position{Segment: 1, Offset: 57 + 300*uint64(i), Length: 300},
			},
			Entity: 1, Scope: 2,
		})
	}
	return m
}

func TestSizes(t *testing.T) {
	for _, n := range []int{0, 1, 2} {
		m := plain(n)
		if n == 0 {
			m.names = m.names[:1]
		}
		for _, asFile := range []bool{false, true} {
			tables, r := m.open(t, asFile, 1)
			check(t, m, tables, r)
		}
	}
}

// TestBlocks has more records than one block.
func TestBlocks(t *testing.T) {
	m := plain(5000)
	for _, asFile := range []bool{false, true} {
		_, r := m.open(t, asFile, 7)
		for i := range m.records {
			got, ok, err := r.FindID(m.records[i].ID, func(artifact.Raw) bool { return true })
			require.NoError(t, err)
			require.True(t, ok)
			require.EqualValues(t, i, got)
		}
		l, err := r.Entity(1)
		require.NoError(t, err)
		require.Len(t, items(t, r, l), 5000)
		l, err = r.From(l, 4321)
		require.NoError(t, err)
		require.Equal(t, 679, l.Len())
	}
}

// TestEqualIDs has so many events with one id that no hash table holds them.
func TestEqualIDs(t *testing.T) {
	for _, n := range []int{2, 100, 511, 512, 513, 514, 3000} {
		m := plain(n)
		for i := range m.records {
			m.records[i].ID = event.ID{9}
		}
		if n > 50 { // and one with another id at the start, in the middle and at the end
			for _, i := range []int{0, n / 2, n - 1} {
				m.records[i].ID = event.ID{byte(10 + 5*i/n)}
			}
		}
		tables, r := m.open(t, true, 3)
		require.False(t, tables.UniqueIDs())
		for _, id := range []event.ID{{9}, {10}, {12}, {14}, {8}, {11}, {99}} {
			of := m.numbers(func(r *event.Record) bool { return r.ID == id })
			got, ok, err := r.FindID(id, func(artifact.Raw) bool { return true })
			require.NoError(t, err)
			require.Equal(t, len(of) > 0, ok)
			if ok {
				require.Equal(t, of[0], got, "the first wins")
			}
			// Only the last is admitted.
			got, ok, err = r.FindID(id, func(raw artifact.Raw) bool {
				return len(of) > 0 && raw.Sequence() == uint64(of[len(of)-1])
			})
			require.NoError(t, err)
			require.Equal(t, len(of) > 0, ok, "%d records, %v", n, id[0])
			if ok {
				require.Equal(t, of[len(of)-1], got)
			}
		}
	}
}

// TestValidate has one record for every rule, after a valid one.
func TestValidate(t *testing.T) {
	bounds := index.Bounds{
		NextSequence: 100,
		Watermark:    artifact.Watermark{Segment: 3, Offset: 5000},
		SegmentSize: func(id uint64) (uint64, bool) {
			size, ok := map[uint64]uint64{1: 10000, 3: 10000, 4: 10000}[id]
			return size, ok
		},
	}
	build := func(bounds index.Bounds, records ...event.Record) ([]uint64, error) {
		names, err := strtab.Decode([]byte("\x93\xa0\xa1e\xa1s"))
		require.NoError(t, err)
		var raw []byte
		for i := range records {
			raw = artifact.AppendRecord(raw, &records[i])
		}
		var blocks []uint64
		_, err = index.Build(index.Input{
			Image: index.Image{
				Names: source.Bytes(names.Raw()), NamesSize: uint64(len(names.Raw())),
				Records: source.Bytes(raw), Count: uint32(len(records)),
			},
			Names: names, Bounds: bounds, Each: func(off uint64, block []byte) error { blocks = append(blocks, off); return nil },
		})
		return blocks, err
	}
	first := event.Record{
		Facts:  event.Facts{Sequence: 5, Kind: event.Data, Position: event.Position{Segment: 1, Offset: 1000, Length: 300}},
		Entity: 1, Scope: 2,
	}
	for _, c := range []struct {
		name   string
		want   damage.Reason
		change func(r *event.Record)
	}{
		{"good", "", func(r *event.Record) {}},
		{"same name twice", "", func(r *event.Record) { r.Entity = 2 }},
		{"unknown kind", "", func(r *event.Record) { r.Kind = 0xdfff }},
		{"last sequence", "", func(r *event.Record) { r.Sequence = 99 }},
		{"next segment", "", func(r *event.Record) { r.Position.Segment, r.Position.Offset = 3, 57 }},
		{"up to the end", "", func(r *event.Record) { r.Position.Offset = 10000 - 300 }},
		{"up to the watermark", "", func(r *event.Record) { r.Position = event.Position{Segment: 3, Offset: 4700, Length: 300} }},
		{"entity", damage.EntityIndex, func(r *event.Record) { r.Entity = 3 }},
		{"entity far off", damage.EntityIndex, func(r *event.Record) { r.Entity = math.MaxUint32 }},
		{"scope", damage.ScopeIndex, func(r *event.Record) { r.Scope = 3 }},
		{"entity 0", damage.Coordinate, func(r *event.Record) { r.Entity = 0 }},
		{"scope 0", damage.Coordinate, func(r *event.Record) { r.Scope = 0 }},
		{"begin", damage.Kind, func(r *event.Record) { r.Kind = event.SystemBatchBegin }},
		{"commit", damage.Kind, func(r *event.Record) { r.Kind = event.SystemBatchCommit }},
		{"same sequence", damage.Order, func(r *event.Record) { r.Sequence = 5 }},
		{"lower sequence", damage.Order, func(r *event.Record) { r.Sequence = 4 }},
		{"sequence is the next one", damage.Allocator, func(r *event.Record) { r.Sequence = 100 }},
		{"highest sequence", damage.Allocator, func(r *event.Record) { r.Sequence = math.MaxUint64 }},
		{"same frame", damage.Position, func(r *event.Record) { r.Position.Offset = 1000 }},
		{"overlap", damage.Position, func(r *event.Record) { r.Position.Offset = 1299 }},
		{"missing segment", damage.Position, func(r *event.Record) { r.Position.Segment = 2 }},
		{"segment 0", damage.Position, func(r *event.Record) { r.Position.Segment = 0 }},
		{"after the watermark's segment", damage.Position, func(r *event.Record) { r.Position.Segment = 4 }},
		{"after the watermark", damage.Position, func(r *event.Record) { r.Position = event.Position{Segment: 3, Offset: 4701, Length: 300} }},
		{"offset in the header", damage.Position, func(r *event.Record) { r.Position = event.Position{Segment: 3, Offset: 8, Length: 300} }},
		{"across the end", damage.Position, func(r *event.Record) { r.Position.Offset = 10000 - 299 }},
		{"after the end", damage.Position, func(r *event.Record) { r.Position.Offset = 10001 }},
		{"offset wraps", damage.Position, func(r *event.Record) { r.Position.Offset = math.MaxUint64 - 100 }},
		{"no body", damage.Position, func(r *event.Record) { r.Position.Length = 8 }},
		{"no length", damage.Position, func(r *event.Record) { r.Position.Length = 0 }},
		{"too long", damage.Position, func(r *event.Record) { r.Position.Length = 256<<20 + 9 }},
		{"longest length", damage.Position, func(r *event.Record) { r.Position.Length = math.MaxUint32 }},
	} {
		r := first
		r.Sequence, r.Position.Offset = 6, 1300
		c.change(&r)
		_, err := build(bounds, first, r)
		if c.want == "" {
			require.NoError(t, err, c.name)
			continue
		}
		require.ErrorIs(t, err, c.want, c.name)
		var why *damage.Refusal
		require.ErrorAs(t, err, &why)
		require.EqualValues(t, artifact.RecordSize, why.Offset, c.name)
	}
	back := first
	back.Sequence, back.Position.Segment = 6, 1
	third := first
	third.Position = event.Position{Segment: 3, Offset: 57, Length: 300}
	_, err := build(bounds, third, back)
	require.ErrorIs(t, err, damage.Position, "an earlier segment")

	high := bounds
	high.NextSequence = artifact.MaxAllocator + 1
	_, err = build(high)
	require.ErrorIs(t, err, damage.Allocator)
	_, err = build(high, first)
	require.ErrorIs(t, err, damage.Allocator)
	high.NextSequence = artifact.MaxAllocator
	_, err = build(high, first)
	require.NoError(t, err)

	// Build reports the invalid record, and the checksum still gets every
	// block.
	many := make([]event.Record, 3000)
	for i := range many {
		many[i] = first
	}
	blocks, err := build(bounds, many...)
	require.ErrorIs(t, err, damage.Order)
	require.Equal(t, []uint64{0, 1024 * artifact.RecordSize, 2048 * artifact.RecordSize}, blocks)
}

func TestBuildErrors(t *testing.T) {
	b := plain(10).file(t, 10)
	h, err := artifact.ReadHeader(source.Bytes(b))
	require.NoError(t, err)
	names, err := strtab.Decode(b[artifact.HeaderSize:h.RecordsAt()])
	require.NoError(t, err)
	in := index.Input{Image: index.FileImage(source.Bytes(b[:len(b)-1]), &h), Names: names, Bounds: anywhere()}
	_, err = index.Build(in)
	require.ErrorIs(t, err, damage.Unreadable)
	require.ErrorIs(t, err, source.ErrShort)
	stop := errors.New("stop")
	in.Image = index.FileImage(source.Bytes(b), &h)
	in.Each = func(uint64, []byte) error { return stop }
	_, err = index.Build(in)
	require.ErrorIs(t, err, stop)
}

func TestFixtures(t *testing.T) {
	for _, name := range fixture.Names() {
		b, ok := fixture.Store(name)[artifact.FileName]
		if !ok {
			continue
		}
		h, err := artifact.ReadHeader(source.Bytes(b))
		require.NoError(t, err)
		names, err := strtab.Decode(b[artifact.HeaderSize:h.RecordsAt()])
		require.NoError(t, err)
		img := index.FileImage(source.Bytes(b), &h)
		tables, err := index.Build(index.Input{Image: img, Names: names, Bounds: anywhere(), Seed: 5})
		require.NoError(t, err, name)
		m := &model{}
		for i := range names.Len() {
			m.names = append(m.names, string(names.At(uint32(i))))
		}
		r := index.NewReader(&img, tables)
		for i := range img.Count {
			raw, err := r.Record(i)
			require.NoError(t, err)
			m.records = append(m.records, raw.Decode())
		}
		check(t, m, tables, r)
	}
}

// TestMemory checks the memory that the comment of Build claims.
func TestMemory(t *testing.T) {
	m := plain(20000)
	b := m.file(t, artifact.MaxAllocator)
	h, _ := artifact.ReadHeader(source.Bytes(b))
	names, _ := strtab.Decode(b[artifact.HeaderSize:h.RecordsAt()])
	img := index.FileImage(file{b}, &h)
	var tables *index.Index
	got := fuzzing.Allocated(func() {
		var err error
		tables, err = index.Build(index.Input{Image: img, Names: names, Bounds: anywhere()})
		require.NoError(t, err)
	})
	require.Less(t, float64(tables.Size())/20000, 26.0)
	require.Less(t, float64(got)/20000, 26+16+20.0) // and the blocks read
}

func FuzzArtifact(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < artifact.HeaderSize || len(b) > 1<<20 {
			return
		}
		b = bytes.Clone(b)
		artifact.Seal(b)
		src := source.Bytes(b)
		var again []byte
		var img index.Image
		var tables *index.Index
		fuzzing.Bounded(t, 4*len(b), func() {
			h, err := artifact.ReadHeader(src)
			if err != nil {
				return
			}
			names, err := strtab.Decode(b[artifact.HeaderSize:h.RecordsAt()])
			if err != nil || names.Len() != int(h.Strings) {
				return
			}
			bounds := anywhere()
			bounds.NextSequence, bounds.Watermark = h.Allocator, h.Watermark
			var sum artifact.Checksum
			sum.Add(0, b[:h.RecordsAt()])
			img = index.FileImage(src, &h)
			tables, err = index.Build(index.Input{Image: img, Names: names, Bounds: bounds, Seed: 1, Each: func(off uint64, block []byte) error {
				sum.Add(off, block)
				return nil
			}})
			if err != nil {
				return
			}
			if err := sum.Check(&h); err != nil {
				t.Fatal(err)
			}
			again = append(make([]byte, 0, len(b)), b[:h.RecordsAt()]...)
			r := index.NewReader(&img, tables)
			for i := range img.Count {
				raw, err := r.Record(i)
				if err != nil {
					t.Fatal(err)
				}
				rec := raw.Decode()
				again = artifact.AppendRecord(again, &rec)
				if got, ok, err := r.FindID(rec.ID, func(raw artifact.Raw) bool { return raw.Sequence() == rec.Sequence }); err != nil || !ok || got != i {
					t.Fatalf("record %d is found as %d, %v, %v", i, got, ok, err)
				}
				l, err := r.Entity(rec.Entity)
				if err != nil {
					t.Fatal(err)
				}
				if l, err = r.From(l, i); err != nil || l.Len() == 0 {
					t.Fatalf("record %d is not in its entity's list: %v", i, err)
				}
				if got, err := r.Item(l, 0); err != nil || got != i {
					t.Fatalf("record %d is %d in its entity's list: %v", i, got, err)
				}
				if at, err := r.After(rec.Sequence); err != nil || at != i {
					t.Fatalf("record %d comes after %d: %v", i, at, err)
				}
			}
		})
		if again == nil {
			return
		}
		if !bytes.Equal(b, again) {
			t.Fatal("other bytes")
		}
		if lies := index.Prove(t, &img, tables, nil); len(lies) > 0 {
			t.Fatal(lies)
		}
	})
}

func TestSeeds(t *testing.T) {
	m := plain(3)
	m.records[2].Causation = m.records[0].ID
	m.records[1].Correlation = m.records[0].ID
	m.records[2].Sequence = 9
	same := plain(2)
	same.records[1].ID = same.records[0].ID
	fuzzing.Seeds(t, "FuzzArtifact",
		fuzzing.Seed{fixture.Store("empty")[artifact.FileName]},
		fuzzing.Seed{fixture.Store("options")[artifact.FileName]},
		fuzzing.Seed{m.file(t, 10)},
		fuzzing.Seed{same.file(t, 2)},
	)
}

func bench(b *testing.B, n int) (*model, index.Image, *strtab.Table) {
	m := plain(n)
	m.names = m.names[:1]
	for i := range m.records {
		m.records[i].Entity = m.number("entity:" + string(rune('a'+i%26)) + string(rune('a'+i/26%26)))
		m.records[i].Scope = m.number("scope")
	}
	raw := m.file(b, artifact.MaxAllocator)
	h, err := artifact.ReadHeader(source.Bytes(raw))
	if err != nil {
		b.Fatal(err)
	}
	names, err := strtab.Decode(raw[artifact.HeaderSize:h.RecordsAt()])
	if err != nil {
		b.Fatal(err)
	}
	return m, index.FileImage(source.Bytes(raw), &h), names
}

func BenchmarkBuild(b *testing.B) {
	_, img, names := bench(b, 100_000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := index.Build(index.Input{Image: img, Names: names, Bounds: anywhere(), Seed: 5}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/record")
}

func BenchmarkFindID(b *testing.B) {
	m, img, names := bench(b, 100_000)
	tables, err := index.Build(index.Input{Image: img, Names: names, Bounds: anywhere(), Seed: 5})
	if err != nil {
		b.Fatal(err)
	}
	r, i := index.NewReader(&img, tables), 0
	b.ReportAllocs()
	for b.Loop() {
		if _, ok, err := r.FindID(m.records[i].ID, func(artifact.Raw) bool { return true }); !ok || err != nil {
			b.Fatal(ok, err)
		}
		i = (i + 7919) % len(m.records)
	}
}

func BenchmarkEntity(b *testing.B) {
	_, img, names := bench(b, 100_000)
	tables, err := index.Build(index.Input{Image: img, Names: names, Bounds: anywhere(), Seed: 5})
	if err != nil {
		b.Fatal(err)
	}
	r := index.NewReader(&img, tables)
	b.ReportAllocs()
	for b.Loop() {
		number, ok, err := r.FindName([]byte("entity:cd"))
		if !ok || err != nil {
			b.Fatal(ok, err)
		}
		l, err := r.Entity(number)
		if err != nil || l.Len() != 148 {
			b.Fatal(l.Len(), err)
		}
		for i := range l.Len() {
			if _, err := r.Item(l, i); err != nil {
				b.Fatal(err)
			}
		}
	}
}
