package checkpoint_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/internal/fuzzing"
	"github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/strtab"
)

func seal(b []byte) []byte {
	b = bytes.Clone(b)
	if len(b) >= 12 {
		binary.LittleEndian.PutUint32(b[8:], crc32.ChecksumIEEE(b[12:]))
	}
	return b
}

// read decodes a whole file.
func read(b []byte) (c *checkpoint.Checkpoint, records []event.Record, err error) {
	if c, err = checkpoint.Decode(b); err != nil {
		return nil, nil, err
	}
	records = make([]event.Record, 0, c.Entries)
	for range c.Entries {
		r, err := c.Next()
		if err != nil {
			return nil, nil, err
		}
		records = append(records, r)
	}
	return c, records, c.End()
}

// TestFixtures encodes every checkpoint again, and compares it with the
// artifact.
func TestFixtures(t *testing.T) {
	files := 0
	for _, name := range fixture.Names() {
		store := fixture.Store(name)
		b, ok := store[checkpoint.FileName]
		if !ok {
			continue
		}
		files++
		c, records, err := read(b)
		require.NoError(t, err)
		require.Equal(t, b, checkpoint.AppendFile(nil, c.Watermark, c.Allocator, c.Names.Raw(), records), name)
		require.Equal(t, b, checkpoint.AppendFile([]byte("xy"), c.Watermark, c.Allocator, c.Names.Raw(), records)[2:], name)

		a := store[artifact.FileName]
		h, err := artifact.DecodeHeader(a, int64(len(a)))
		require.NoError(t, err)
		require.Equal(t, h.Watermark, c.Watermark)
		require.Equal(t, h.Allocator, c.Allocator)
		require.Equal(t, a[artifact.HeaderSize:h.RecordsAt()], c.Names.Raw())
		var raw []byte
		for i := range records {
			raw = artifact.AppendRecord(raw, &records[i])
		}
		require.True(t, bytes.Equal(a[h.RecordsAt():], raw), name)
	}
	require.Greater(t, files, 8)
}

func TestRefusals(t *testing.T) {
	names := "\x92\xa0\xa1a"
	good := checkpoint.AppendFile(nil, artifact.Watermark{Segment: 1, Offset: 57}, 1, []byte(names),
		[]event.Record{{Facts: event.Facts{Causation: event.ID{1}}, Entity: 1, Scope: 1}})
	_, _, err := read(good)
	require.NoError(t, err)
	change := func(at int, to byte) []byte { b := bytes.Clone(good); b[at] = to; return b }
	swap := func(from, to string) []byte {
		require.Equal(t, 1, strings.Count(string(good), from), from)
		return seal([]byte(strings.Replace(string(good), from, to, 1)))
	}
	id := "\xc4\x10" + strings.Repeat("\x00", 16)
	for _, c := range []struct {
		name  string
		in    []byte
		want  damage.Reason
		cause error
	}{
		{"nothing", nil, damage.Short, nil},
		{"eleven bytes", good[:11], damage.Short, nil},
		{"magic", change(0, 'f'), damage.Magic, nil},
		{"version 1", change(6, 1), damage.Version, nil},
		{"version 3", change(6, 3), damage.Version, nil},
		{"version 258", change(7, 1), damage.Version, nil},
		{"checksum", change(8, good[8]^1), damage.Checksum, nil},
		{"cut", good[:len(good)-1], damage.Checksum, nil},
		{"no body", seal(good[:12]), damage.Body, msgpack.ErrShort},
		{"cut and sealed", seal(good[:len(good)-1]), damage.Body, msgpack.ErrShort},
		{"trailing bytes", seal(append(bytes.Clone(good), 0)), damage.Body, msgpack.ErrTrailing},
		{"other first key", swap("\x85\xafglobal_sequence", "\x85\xafglobal_sequencE"), damage.Body, msgpack.ErrKey},
		{"four keys", swap("\x85\xafglobal", "\x84\xafglobal"), damage.Body, msgpack.ErrType},
		{"allocator in a longer form", swap("\x01\xb4watermark_seg", "\xcc\x01\xb4watermark_seg"), damage.Body, msgpack.ErrSpelling},
		{"negative offset", swap("watermark_offset\x39", "watermark_offset\xff"), damage.Body, msgpack.ErrType},
		{"strings cut", seal(good[:bytes.Index(good, []byte(names))+2]), damage.Body, msgpack.ErrShort},
		{"strings are a map", swap(names, "\x81\xa0\xa1a"), damage.Strings, msgpack.ErrType},
		{"strings without the empty one", swap(names, "\x92\xa1b\xa1a"), damage.Strings, strtab.ErrLeading},
		{"the same string twice", swap(names, "\x93\xa0\xa1a\xa1a"), damage.Strings, strtab.ErrDuplicate},
		{"string is no name", swap(names, "\x92\xa0\xa1\xff"), damage.Strings, event.ErrNameUTF8},
		{"strings nested deeply", swap(names, strings.Repeat("\x91", 200)+"\x01"), damage.Body, msgpack.ErrDepth},
		{"entries are a map", swap("entries\x91", "entries\x81"), damage.Body, nil},
		{"claim of entries", swap("entries\x91", "entries\xdd\xff\xff\xff\xff"), damage.Body, msgpack.ErrShort},
		{"two entries", swap("entries\x91", "entries\x92"), damage.Body, nil},
		{"no entries", swap("entries\x91", "entries\x90"), damage.Body, msgpack.ErrTrailing},
		{"thirteen keys", swap("\x8e\xa8event_id", "\x8d\xa8event_id"), damage.Body, msgpack.ErrType},
		{"short id", swap("\xa8event_id"+id, "\xa8event_id\xc4\x0f"+strings.Repeat("\x00", 15)), damage.Body, segment.ErrIDSize},
		{"short correlation", swap("correlation_id"+id, "correlation_id\xc4\x00"), damage.Body, segment.ErrIDSize},
		{"long causation", swap("causation_id\xc4\x10", "causation_id\xc4\x11\x00"), damage.Body, segment.ErrIDSize},
		{"causation of zeros", swap("causation_id\xc4\x10\x01", "causation_id\xc4\x10\x00"), damage.Body, msgpack.ErrSpelling},
		{"entity above u32", swap("entity_id\x01", "entity_id\xcf\x00\x00\x00\x01\x00\x00\x00\x00"), damage.Body, msgpack.ErrRange},
		{"scope above u32", swap("scope_id\x01", "scope_id\xcf\x00\x00\x00\x01\x00\x00\x00\x00"), damage.Body, msgpack.ErrRange},
		{"kind above u16", swap("kind\x00", "kind\xce\x00\x01\x00\x00"), damage.Body, msgpack.ErrRange},
		{"negative wall clock", swap("wall_ms\x00", "wall_ms\xff"), damage.Body, msgpack.ErrType},
		{"clock above u32", swap("clock\x00", "clock\xcf\x00\x00\x00\x01\x00\x00\x00\x00"), damage.Body, msgpack.ErrRange},
		{"hash of 31", swap("prev_hash\xdc\x00\x20\x00", "prev_hash\xdc\x00\x1f"), damage.Body, msgpack.ErrType},
		{"hash is a bin", swap("event_hash\xdc\x00\x20", "event_hash\xc4\x20"), damage.Body, msgpack.ErrType},
		{"length above u32", swap("length\x00", "length\xcf\x00\x00\x00\x01\x00\x00\x00\x00"), damage.Body, msgpack.ErrRange},
		{"offset is a string", swap("\xa6offset\x00", "\xa6offset\xa0"), damage.Body, msgpack.ErrType},
	} {
		_, _, err := read(c.in)
		require.ErrorIs(t, err, c.want, c.name)
		if c.cause != nil {
			require.ErrorIs(t, err, c.cause, c.name)
		}
	}
	// Unread entries are trailing bytes.
	c, err := checkpoint.Decode(good)
	require.NoError(t, err)
	require.ErrorIs(t, c.End(), damage.Body)
}

func FuzzCheckpoint(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, b := range [][]byte{b, seal(b)} {
			var c *checkpoint.Checkpoint
			var records []event.Record
			var err error
			fuzzing.Bounded(t, len(b), func() { c, records, err = read(b) })
			if err != nil {
				continue
			}
			if again := checkpoint.AppendFile(nil, c.Watermark, c.Allocator, c.Names.Raw(), records); !bytes.Equal(b, again) {
				t.Fatalf("% x\nbecame\n% x", b, again)
			}
		}
	})
}

func TestSeeds(t *testing.T) {
	_, records, err := read(fixture.Store("options")[checkpoint.FileName])
	require.NoError(t, err)
	fuzzing.Seeds(t, "FuzzCheckpoint",
		fuzzing.Seed{fixture.Store("empty")[checkpoint.FileName]},
		fuzzing.Seed{checkpoint.AppendFile(nil, artifact.Watermark{}, 9, []byte("\x93\xa0\xa1a\xa1b"), records[:2])},
		fuzzing.Seed{checkpoint.AppendFile(nil, artifact.Watermark{Segment: 1 << 40, Offset: 1 << 33}, 1<<63, []byte("\x91\xa0"), []event.Record{{}})},
		fuzzing.Seed{seal(fixture.Store("empty")[checkpoint.FileName][:60])},
	)
}
