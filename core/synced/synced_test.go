package synced_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/internal/fuzzing"
	"github.com/thawlog/thaw/core/synced"
)

func slot(m synced.Mark) []byte { return synced.AppendSlot(nil, m) }

// TestBytes pins the bytes of a slot.
func TestBytes(t *testing.T) {
	got := synced.AppendSlot([]byte{1}, synced.Mark{Segment: 7, Offset: 0x0102030405060708, First: 1 << 40})
	require.Equal(t, "01"+
		"54484157"+"53594e43"+ // THAWSYNC
		"0100"+"0000"+"90668e17"+ // version, zero, CRC
		"0700000000000000"+"0807060504030201"+"0000000000010000"+
		"000000000000000000000000000000000000000000000000", hex.EncodeToString(got))
	require.Equal(t, crc32.ChecksumIEEE(got[17:41]), binary.LittleEndian.Uint32(got[13:]))
	require.Len(t, got, 1+synced.SlotSize)
	require.Equal(t, 2*synced.SlotSize, synced.Size)
}

// TestDecode writes two slots, and damages one, the other, or both.
func TestDecode(t *testing.T) {
	a := synced.Mark{Segment: 4, Offset: 900, First: 70}
	later := synced.Mark{Segment: 4, Offset: 901, First: 70}
	next := synced.Mark{Segment: 5, Offset: 0, First: 99}
	zeros := make([]byte, synced.SlotSize)
	garbage := slices.Repeat([]byte{0xa5}, synced.SlotSize)
	seal := func(b []byte) []byte {
		binary.LittleEndian.PutUint32(b[12:], crc32.ChecksumIEEE(b[16:40]))
		return b
	}
	change := func(m synced.Mark, at int, to byte) []byte {
		b := slot(m)
		b[at] = to
		return b
	}
	for _, c := range []struct {
		name     string
		slot0    []byte
		slot1    []byte
		want     synced.Mark
		reason   damage.Reason
		at       int64
		trailing int
	}{
		{name: "one slot", slot0: slot(a), want: a},
		{name: "the second promises more", slot0: slot(a), slot1: slot(later), want: later},
		{name: "the second is of an earlier segment", slot0: slot(next), slot1: slot(later), want: next},
		{name: "the first promises more", slot0: slot(later), slot1: slot(a), want: later},
		{name: "equal places", slot0: slot(a), slot1: slot(synced.Mark{Segment: 4, Offset: 900, First: 1}), want: a},
		{name: "the second never reached the disk", slot0: slot(a), slot1: zeros, want: a},
		{name: "the second is garbage", slot0: slot(a), slot1: garbage, want: a},
		{name: "the second is cut short", slot0: slot(a), slot1: slot(later)[:63], want: a},
		{name: "the first is torn", slot0: slices.Concat(slot(next)[:30], slot(a)[30:]), slot1: slot(a), want: a},
		{name: "the first is garbage", slot0: garbage, slot1: slot(later), want: later},
		{name: "trailing bytes", slot0: slot(a), slot1: slot(later), want: later, trailing: 9},
		{name: "nothing", reason: damage.Short},
		{name: "cut short", slot0: slot(a)[:63], reason: damage.Short, at: 63},
		{name: "zeros", slot0: zeros, slot1: zeros, reason: damage.Magic},
		{name: "another version", slot0: change(a, 8, 2), reason: damage.Version, at: 8},
		{name: "another version, high byte", slot0: change(a, 9, 2), reason: damage.Version, at: 8},
		{name: "bytes that must be zero", slot0: change(a, 10, 1), reason: damage.Version, at: 10},
		{name: "bytes that must be zero, at the end", slot0: change(a, 63, 1), reason: damage.Version, at: 40},
		{name: "checksum", slot0: change(a, 12, 0), reason: damage.Checksum, at: 12},
		{name: "segment", slot0: change(a, 16, 9), reason: damage.Checksum, at: 12},
		{name: "offset", slot0: change(a, 24, 9), reason: damage.Checksum, at: 12},
		{name: "first", slot0: change(a, 39, 9), reason: damage.Checksum, at: 12},
		{name: "segment 0", slot0: seal(change(a, 16, 0)), reason: damage.SegmentID, at: 16},
		{name: "both bad: the first is reported", slot0: change(a, 8, 2), slot1: garbage, reason: damage.Version, at: 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := slices.Concat(c.slot0, c.slot1, make([]byte, c.trailing))
			got, err := synced.Decode(b)
			require.Equal(t, c.want, got)
			if c.reason == "" {
				require.NoError(t, err)
				return
			}
			var why *damage.Refusal
			require.ErrorAs(t, err, &why)
			require.Equal(t, c.reason, why.Reason)
			require.Equal(t, c.at, why.Offset)
		})
	}
}

// TestTorn writes marks as a writer does and tears the last write at every
// byte, followed by zeros or garbage: Decode returns the last promise or the
// one before.
func TestTorn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		file := make([]byte, synced.Size)
		m := synced.Mark{Segment: rapid.Uint64Range(1, 1<<62).Draw(t, "segment"), First: rapid.Uint64().Draw(t, "first")}
		copy(file, slot(m))
		made := []synced.Mark{m}
		for range rapid.IntRange(1, 6).Draw(t, "writes") {
			before := m
			torn := slices.Clone(file)
			place := synced.SlotSize
			if rapid.IntRange(0, 3).Draw(t, "rotate") == 0 {
				place = 0
				m = synced.Mark{Segment: m.Segment + 1, First: m.First + 3}
			} else {
				m.Offset += rapid.Uint64Range(1, 1<<50).Draw(t, "synced")
			}
			next := slot(m)
			copy(file[place:], next)
			cut := rapid.IntRange(0, synced.SlotSize).Draw(t, "cut")
			copy(torn[place:], next[:cut])
			if rapid.Bool().Draw(t, "garbage") {
				for i := cut; i < synced.SlotSize; i++ {
					torn[place+i] = rapid.Byte().Draw(t, "byte")
				}
			}
			got, err := synced.Decode(torn)
			made = append(made, m)
			if err != nil { // nothing but slot 0 was ever written whole
				require.Zero(t, place)
				for _, m := range made {
					require.Zero(t, m.Offset)
				}
				continue
			}
			require.Contains(t, made, got)
			if place > 0 {
				require.Equal(t, m.Segment, got.Segment, "slot 0 was not touched")
			} else if before.Offset > 0 {
				require.Contains(t, []synced.Mark{before, m}, got)
			}
			got, err = synced.Decode(file)
			require.NoError(t, err)
			require.Equal(t, m, got)
		}
	})
}

// FuzzDecode: one of the slots is exactly the encoding of the result, and the
// other does not promise more.
func FuzzDecode(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte, seal bool) {
		if seal {
			for at := 0; at+synced.SlotSize <= min(len(b), synced.Size); at += synced.SlotSize {
				binary.LittleEndian.PutUint32(b[at+12:], crc32.ChecksumIEEE(b[at+16:at+40]))
			}
		}
		var m synced.Mark
		var err error
		fuzzing.Bounded(t, len(b), func() { m, err = synced.Decode(b) })
		if err != nil {
			var why *damage.Refusal
			require.ErrorAs(t, err, &why)
			require.Zero(t, m)
			return
		}
		want := string(slot(m))
		in := func(at int) bool { return len(b) >= at+64 && string(b[at:at+64]) == want }
		require.True(t, in(0) || in(64))
	})
}

func TestSeeds(t *testing.T) {
	a := slot(synced.Mark{Segment: 4, Offset: 900, First: 70})
	c := slot(synced.Mark{Segment: 4, Offset: 1901, First: 70})
	d := slot(synced.Mark{Segment: 5, First: 1 << 60})
	flip := slices.Concat(a, c)
	flip[70] ^= 1
	fuzzing.Seeds(t, "FuzzDecode",
		fuzzing.Seed{slices.Concat(a, c), false}, fuzzing.Seed{slices.Concat(d, c), false}, fuzzing.Seed{a, true},
		fuzzing.Seed{flip, true}, fuzzing.Seed{a[:63], false}, fuzzing.Seed{make([]byte, 128), true},
		fuzzing.Seed{slices.Concat(a, c, d), false},
	)
}

// TestSpare: the result of Decode survives any change of the spare slot.
func TestSpare(t *testing.T) {
	low := synced.AppendSlot(nil, synced.Mark{Segment: 3, Offset: 10})
	high := synced.AppendSlot(nil, synced.Mark{Segment: 3, Offset: 20})
	none := make([]byte, synced.SlotSize)
	for _, c := range []struct {
		name string
		file [][]byte
		want int
	}{
		{"nothing", nil, 0},
		{"neither holds", [][]byte{none, none}, 0},
		{"only the first", [][]byte{low, none}, 1},
		{"a short file", [][]byte{low}, 1},
		{"only the second", [][]byte{none, low}, 0},
		{"the first is lower", [][]byte{low, high}, 0},
		{"the second is lower", [][]byte{high, low}, 1},
		{"equal", [][]byte{low, low}, 1},
	} {
		file := bytes.Join(c.file, nil)
		require.Equal(t, c.want, synced.Spare(file), c.name)
		want, err := synced.Decode(file)
		if err != nil {
			continue
		}
		file = append(file, make([]byte, synced.Size-len(file))...)
		copy(file[c.want*synced.SlotSize:], none)
		got, err := synced.Decode(file)
		require.NoError(t, err, c.name)
		require.Equal(t, want, got, c.name)
	}
}
