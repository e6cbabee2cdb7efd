package artifact_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

var le = binary.LittleEndian

// TestFixtures decodes every artifact of the fixtures and encodes it to the
// same bytes.
func TestFixtures(t *testing.T) {
	files := 0
	for _, name := range fixture.Names() {
		b, ok := fixture.Store(name)[artifact.FileName]
		if !ok {
			continue
		}
		files++
		h, err := artifact.ReadHeader(source.Bytes(b))
		require.NoError(t, err)
		var sum artifact.Checksum
		for off := 0; off < len(b); off += 7 {
			sum.Add(uint64(off), b[off:min(off+7, len(b))])
		}
		require.NoError(t, sum.Check(&h))
		names, err := strtab.Decode(b[artifact.HeaderSize:h.RecordsAt()])
		require.NoError(t, err)
		require.EqualValues(t, h.Strings, names.Len())

		d := artifact.NewDraft()
		var records []byte
		for i := range int(h.Records) {
			at := h.RecordsAt() + uint64(i)*artifact.RecordSize
			r := artifact.Raw(b[at : at+artifact.RecordSize]).Decode()
			records = artifact.AppendRecord(records, &r)
			require.NoError(t, d.Append(&r.Facts, names.At(r.Entity), names.At(r.Scope)))
		}
		require.Equal(t, b[h.RecordsAt():], append([]byte{}, records...))
		require.Equal(t, b, d.AppendFile(nil, h.Watermark, h.Allocator), name)
		require.Equal(t, b, d.AppendFile([]byte("x"), h.Watermark, h.Allocator)[1:], name)
	}
	require.Greater(t, files, 8)
}

func TestHeaderRefusals(t *testing.T) {
	d := artifact.NewDraft()
	require.NoError(t, d.Append(&event.Facts{}, []byte("e"), []byte("s")))
	good := d.AppendFile(nil, artifact.Watermark{Segment: 1, Offset: 99}, 7)
	size := int64(len(good))
	put64 := func(at int, n uint64) []byte { b := bytes.Clone(good); le.PutUint64(b[at:], n); return b }
	for _, c := range []struct {
		name string
		in   []byte
		size int64
		want damage.Reason
	}{
		{"nothing", nil, 0, damage.Short},
		{"55 bytes", good[:55], 55, damage.Short},
		{"size below 56", good, 55, damage.Short},
		{"negative size", good, -1, damage.Short},
		{"magic", put64(0, 0), size, damage.Magic},
		{"version 0", put64(0, le.Uint64([]byte("FBATIX\x00\x00"))), size, damage.Version},
		{"version 2", put64(0, le.Uint64([]byte("FBATIX\x02\x00"))), size, damage.Version},
		{"version 257", put64(0, le.Uint64([]byte("FBATIX\x01\x01"))), size, damage.Version},
		{"records overflow", put64(40, math.MaxUint64), size, damage.Overflow},
		{"records overflow to a fit", put64(40, 1+(1<<63)/81), size, damage.Overflow},
		{"table overflows", put64(48, math.MaxUint64), size, damage.Overflow},
		{"table overflows to a fit", put64(48, math.MaxUint64-artifact.RecordSize+1), size, damage.Overflow},
		{"both just overflow", put64(48, math.MaxInt64-artifact.HeaderSize-artifact.RecordSize+1), size, damage.Overflow},
		{"both just do not", put64(48, math.MaxInt64-artifact.HeaderSize-artifact.RecordSize), size, damage.Length},
		{"a record more", put64(40, 2), size, damage.Length},
		{"a record less", put64(40, 0), size, damage.Length},
		{"longer table", put64(48, 7), size, damage.Length},
		{"longer file", good, size + 1, damage.Length},
		{"shorter file", good[:size-1], size - 1, damage.Length},
		{"more records than tables number", put64(40, artifact.MaxRecords+1), artifact.HeaderSize + 6 + (artifact.MaxRecords+1)*artifact.RecordSize, damage.Records},
	} {
		h, err := artifact.DecodeHeader(c.in, c.size)
		require.ErrorIs(t, err, c.want, c.name)
		require.Zero(t, h, c.name)
	}
	h, err := artifact.DecodeHeader(good[:56], size)
	require.NoError(t, err)
	require.Equal(t, artifact.Header{
		CRC: crc32.ChecksumIEEE(good[12:]), Watermark: artifact.Watermark{Segment: 1, Offset: 99}, Allocator: 7,
		Strings: 3, Records: 1, TableSize: 6,
	}, h)
	h, err = artifact.DecodeHeader(put64(40, artifact.MaxRecords), artifact.HeaderSize+int64(h.TableSize)+artifact.MaxRecords*artifact.RecordSize)
	require.NoError(t, err)
	require.Equal(t, uint64(artifact.MaxRecords), h.Records)
}

type broken struct{ source.Bytes }

var errBroken = errors.New("broken")

func (broken) ReadAt([]byte, int64) (int, error) { return 0, errBroken }

func TestReadHeader(t *testing.T) {
	good := artifact.NewDraft().AppendFile(nil, artifact.Watermark{}, 0)
	_, err := artifact.ReadHeader(broken{good})
	require.ErrorIs(t, err, damage.Unreadable)
	require.ErrorIs(t, err, errBroken)
	_, err = artifact.ReadHeader(source.Bytes(good[:20]))
	require.ErrorIs(t, err, damage.Short)
	h, err := artifact.ReadHeader(source.Bytes(good))
	require.NoError(t, err)
	for bit := 8 * 8; bit < 8*len(good); bit++ {
		b := bytes.Clone(good)
		b[bit/8] ^= 1 << (bit % 8)
		h := h
		h.CRC = le.Uint32(b[8:])
		var sum artifact.Checksum
		sum.Add(0, b)
		require.ErrorIs(t, sum.Check(&h), damage.Checksum, bit)
	}
}

func record() *rapid.Generator[event.Record] {
	return rapid.Custom(func(t *rapid.T) (r event.Record) {
		fill := func(b []byte) {
			copy(b, rapid.SliceOfN(rapid.Byte(), len(b), len(b)).Draw(t, "bytes"))
		}
		fill(r.ID[:])
		fill(r.Correlation[:])
		fill(r.Causation[:])
		fill(r.PrevHash[:])
		fill(r.EventHash[:])
		r.Entity, r.Scope, r.Clock = rapid.Uint32().Draw(t, "entity"), rapid.Uint32().Draw(t, "scope"), rapid.Uint32().Draw(t, "clock")
		r.Kind, r.WallMS, r.Sequence = event.Kind(rapid.Uint16().Draw(t, "kind")), rapid.Uint64().Draw(t, "wall"), rapid.Uint64().Draw(t, "sequence")
		r.Position = event.Position{Segment: rapid.Uint64().Draw(t, "segment"), Offset: rapid.Uint64().Draw(t, "offset"), Length: rapid.Uint32().Draw(t, "length")}
		return r
	})
}

// TestRecord encodes random records as the format's table says.
func TestRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := record().Draw(t, "record")
		turned := func(id event.ID) []byte {
			return le.AppendUint64(le.AppendUint64(nil, binary.BigEndian.Uint64(id[8:])), binary.BigEndian.Uint64(id[:8]))
		}
		want := turned(r.ID)
		want = le.AppendUint32(want, r.Entity)
		want = le.AppendUint32(want, r.Scope)
		want = le.AppendUint16(want, uint16(r.Kind))
		want = le.AppendUint64(want, r.WallMS)
		want = le.AppendUint32(want, r.Clock)
		want = append(append(want, r.PrevHash[:]...), r.EventHash[:]...)
		want = le.AppendUint64(want, r.Position.Segment)
		want = le.AppendUint64(want, r.Position.Offset)
		want = le.AppendUint32(want, r.Position.Length)
		want = le.AppendUint64(want, r.Sequence)
		want = append(append(want, turned(r.Correlation)...), turned(r.Causation)...)
		raw := artifact.Raw(artifact.AppendRecord(nil, &r))
		require.Equal(t, want, []byte(raw))
		require.Equal(t, r, raw.Decode())
		require.Equal(t, r, event.Record{
			Facts: event.Facts{
				Sequence: raw.Sequence(), ID: raw.ID(), Correlation: raw.Correlation(), Causation: raw.Causation(),
				Kind: raw.Kind(), WallMS: r.WallMS, Clock: raw.Clock(), PrevHash: r.PrevHash, EventHash: r.EventHash, Position: raw.Position(),
			},
			Entity: raw.Entity(), Scope: raw.Scope(),
		})
	})
}

// TestDraft applies random changes to a draft and to a plain slice.
func TestDraft(t *testing.T) {
	type named struct {
		facts         event.Facts
		entity, scope string
	}
	rapid.Check(t, func(t *rapid.T) {
		d := artifact.NewDraft()
		var model []named
		point, kept := d.Savepoint(), 0
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			switch op := rapid.IntRange(0, 9).Draw(t, "op"); {
			case op < 6:
				n := named{
					record().Draw(t, "record").Facts, rapid.StringMatching(`[a-d]{1,2}`).Draw(t, "entity"),
					rapid.StringMatching(`[c-f]{1,2}`).Draw(t, "scope"),
				}
				require.NoError(t, d.Append(&n.facts, []byte(n.entity), []byte(n.scope)))
				model = append(model, n)
			case op == 6:
				point, kept = d.Savepoint(), len(model)
				require.Equal(t, kept, point.Records())
			case op == 7:
				d.Rollback(point)
				model = model[:kept]
			case op == 8 && len(model) > kept:
				first := rapid.IntRange(kept, len(model)).Draw(t, "first")
				end := rapid.IntRange(first, len(model)).Draw(t, "end")
				d.Cut(first, end)
				model = append(model[:first:first], model[end:]...)
			case op == 9 && len(model) > 0:
				i := rapid.IntRange(0, len(model)-1).Draw(t, "which")
				d.SetSequence(i, 77)
				model[i].facts.Sequence = 77
			}
		}
		twice := artifact.NewDraft()
		require.NoError(t, twice.Append(&event.Facts{}, []byte("z"), []byte("a")))
		from := rapid.IntRange(0, len(model)).Draw(t, "from")
		require.NoError(t, twice.AppendFrom(d, from))

		for _, c := range []struct {
			d    *artifact.Draft
			want []named
		}{{d, model}, {twice, append([]named{{entity: "z", scope: "a"}}, model[from:]...)}} {
			require.Equal(t, len(c.want), c.d.Len())
			names, err := strtab.Decode(c.d.AppendNames(nil))
			require.NoError(t, err)
			records := c.d.Records()
			require.EqualValues(t, len(c.want)*artifact.RecordSize, records.Size())
			raw := make([]byte, records.Size())
			require.NoError(t, source.Read(records, raw, 0))
			for i := range c.want {
				require.Equal(t, c.d.At(i), artifact.Raw(raw[i*artifact.RecordSize:(i+1)*artifact.RecordSize]))
			}
			for i, w := range c.want {
				r := c.d.At(i).Decode()
				require.Equal(t, w, named{r.Facts, string(names.At(r.Entity)), string(names.At(r.Scope))})
			}
			file := c.d.AppendFile(nil, artifact.Watermark{Segment: 3, Offset: 4}, 5)
			require.Equal(t, len(file), cap(file), "sized at once")
			h, err := artifact.ReadHeader(source.Bytes(file))
			require.NoError(t, err)
			var sum artifact.Checksum
			sum.Add(0, file)
			require.NoError(t, sum.Check(&h))
		}
	})
}

func BenchmarkRecordDecode(b *testing.B) {
	raw := artifact.Raw(artifact.AppendRecord(nil, &event.Record{Entity: 1, Scope: 2}))
	b.ReportAllocs()
	var n uint32
	for b.Loop() {
		r := raw.Decode()
		n += r.Entity
	}
	_ = n
}
