package sidx_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/internal/fuzzing"
	"github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/core/sidx"
	"github.com/thawlog/thaw/core/strtab"
)

// encode encodes a decoded footer.
func encode(f *sidx.Footer, at uint64) []byte {
	b := new(strtab.Builder)
	for i := range f.Names.Len() {
		b.Intern(f.Names.At(uint32(i)))
	}
	out := b.AppendTable(nil)
	for i := range f.Len() {
		e := f.Entry(i)
		out = sidx.AppendEntry(out, &e)
	}
	return sidx.AppendTrailer(out, sidx.Trailer{TableOffset: at, Entries: uint32(f.Len())})
}

// footers returns the footers of the fixtures and their offsets.
func footers(t *testing.T) (raw [][]byte, at []uint64) {
	for _, name := range fixture.Names() {
		store := fixture.Store(name)
		for _, seg := range fixture.Segments(store) {
			b := store[seg]
			if tr, ok := sidx.DecodeTrailer(b[len(b)-sidx.TrailerSize:]); ok {
				raw, at = append(raw, b[tr.TableOffset:]), append(at, tr.TableOffset)
			}
		}
	}
	require.Greater(t, len(raw), 10)
	return raw, at
}

func TestFixtures(t *testing.T) {
	raw, at := footers(t)
	entries := 0
	for i := range raw {
		f, err := sidx.Decode(raw[i], at[i])
		require.NoError(t, err)
		require.Equal(t, raw[i], encode(f, at[i]))
		for k := range f.Len() {
			require.Equal(t, f.Entry(k).Position.Offset, f.FrameOffset(k))
		}
		entries += f.Len()
	}
	require.Greater(t, entries, 100)
}

func TestRefusals(t *testing.T) {
	e := event.Record{}
	table := "\x91\xa1a"
	good := sidx.AppendTrailer(sidx.AppendEntry([]byte(table), &e), sidx.Trailer{TableOffset: 77, Entries: 1})
	_, err := sidx.Decode(good, 77)
	require.NoError(t, err)
	trailer := func(body string, entries uint32) []byte {
		return sidx.AppendTrailer([]byte(body), sidx.Trailer{TableOffset: 77, Entries: entries})
	}
	magic := bytes.Clone(good)
	magic[len(magic)-1] = 'x'
	for _, c := range []struct {
		name  string
		in    []byte
		at    uint64
		cause error
	}{
		{"nothing", nil, 77, nil},
		{"a trailer and no table", trailer("", 0), 77, nil},
		{"magic", magic, 77, nil},
		{"begins elsewhere", good, 78, nil},
		{"too many entries", trailer(table+strings.Repeat("\x00", sidx.EntrySize), 2), 77, nil},
		{"2^32-1 entries", trailer(table, math.MaxUint32), 77, nil},
		{"no space for the table", trailer(strings.Repeat("\x00", sidx.EntrySize), 1), 77, msgpack.ErrShort},
		{"bytes between table and entries", trailer(table+"\x00", 0), 77, msgpack.ErrTrailing},
		{"fewer entries than there are", trailer(table+strings.Repeat("\x00", sidx.EntrySize), 0), 77, msgpack.ErrTrailing},
		{"table is no array", trailer("\x80", 0), 77, msgpack.ErrType},
		{"table claims 2^32-1", trailer("\xdd\xff\xff\xff\xff", 0), 77, msgpack.ErrShort},
		{"empty name", trailer("\x91\xa0\x00", 0), 77, event.ErrNameEmpty},
		{"same name twice", trailer("\x92\xa1a\xa1a", 0), 77, strtab.ErrDuplicate},
		{"name is no UTF-8", trailer("\x91\xa1\xff", 0), 77, event.ErrNameUTF8},
	} {
		f, err := sidx.Decode(c.in, c.at)
		require.ErrorIs(t, err, damage.Footer, c.name)
		require.Nil(t, f, c.name)
		if c.cause != nil {
			require.ErrorIs(t, err, c.cause, c.name)
		}
	}
	for _, b := range [][]byte{nil, good, good[len(good)-15:], []byte("0123456789abSIDx")} {
		_, ok := sidx.DecodeTrailer(b)
		require.False(t, ok)
	}
}

// TestEntry compares random entries with the table of the format, field by field.
func TestEntry(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := func(label string) (id event.ID) {
			copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, label))
			return id
		}
		hash := func(label string) (h event.Hash) {
			copy(h[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, label))
			return h
		}
		r := event.Record{
			Facts: event.Facts{
				Sequence: rapid.Uint64().Draw(t, "sequence"), ID: id("id"), Correlation: id("correlation"), Causation: id("causation"),
				Kind: event.Kind(rapid.Uint16().Draw(t, "kind")), WallMS: rapid.Uint64().Draw(t, "wall"),
				Clock: rapid.Uint32().Draw(t, "clock"), PrevHash: hash("prev"), EventHash: hash("hash"),
				Position: event.Position{Offset: rapid.Uint64().Draw(t, "offset"), Length: rapid.Uint32().Draw(t, "length")},
			},
			Entity: rapid.Uint32().Draw(t, "entity"), Scope: rapid.Uint32().Draw(t, "scope"),
		}
		le := binary.LittleEndian
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
		want = le.AppendUint64(want, r.Position.Offset)
		want = le.AppendUint32(want, r.Position.Length)
		want = le.AppendUint64(want, r.Sequence)
		want = append(append(want, turned(r.Correlation)...), turned(r.Causation)...)
		got := sidx.AppendEntry(nil, &r)
		require.Equal(t, want, got)

		f, err := sidx.Decode(sidx.AppendTrailer(append([]byte("\x90"), got...), sidx.Trailer{TableOffset: 9, Entries: 1}), 9)
		require.NoError(t, err)
		require.Equal(t, r, f.Entry(0))
	})
}

func FuzzFooter(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte, at uint64) {
		if salvaged, ok := sidx.Salvage(b); ok {
			for i := range salvaged.Len() {
				salvaged.Entry(i)
			}
		}
		// Decode b unchanged, and with a plausible trailer.
		tries := [][]byte{b}
		if len(b) >= sidx.MinSize {
			again := bytes.Clone(b)
			copy(again[len(b)-sidx.TrailerSize:], sidx.AppendTrailer(nil, sidx.Trailer{
				TableOffset: at, Entries: uint32(b[len(b)-8]) % uint32(1+len(b)/sidx.EntrySize),
			}))
			tries = append(tries, again)
		}
		for _, b := range tries {
			var got *sidx.Footer
			var err error
			fuzzing.Bounded(t, len(b), func() { got, err = sidx.Decode(b, at) })
			if err != nil {
				if got != nil {
					t.Fatal("a footer and an error")
				}
				continue
			}
			if again := encode(got, at); !bytes.Equal(b, again) {
				t.Fatalf("% x\nbecame\n% x", b, again)
			}
		}
	})
}

func TestSeeds(t *testing.T) {
	raw, at := footers(t)
	var seeds []fuzzing.Seed
	for i := range raw {
		if len(seeds) < 5 && len(raw[i]) < 3000 {
			seeds = append(seeds, fuzzing.Seed{raw[i], at[i]})
		}
	}
	fuzzing.Seeds(t, "FuzzFooter", append(seeds, fuzzing.Seed{[]byte("\x91\xc2\x90\x4d\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00SIDX"), uint64(77)})...)
}

// TestSalvage: a footer is readable without some or all of its trailer.
func TestSalvage(t *testing.T) {
	files := fixture.Store("rotated")
	seg := files["000001.fbat"]
	trailer, ok := sidx.DecodeTrailer(seg[len(seg)-sidx.TrailerSize:])
	require.True(t, ok)
	whole := seg[trailer.TableOffset:]
	want, err := sidx.Decode(whole, trailer.TableOffset)
	require.NoError(t, err)
	for cut := range sidx.TrailerSize + 1 {
		got, ok := sidx.Salvage(whole[:len(whole)-cut])
		require.True(t, ok, cut)
		require.Equal(t, want.Len(), got.Len())
		require.Equal(t, want.Entry(0), got.Entry(0))
	}
	_, ok = sidx.Salvage(append(whole[:len(whole):len(whole)], 0))
	require.False(t, ok, "more bytes than a trailer after the entries")
	for _, none := range [][]byte{nil, {0x90}, {0xc1}, []byte("frame")} {
		_, ok = sidx.Salvage(none)
		require.False(t, ok)
	}
}
