package event_test

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/event"
)

func TestParseID(t *testing.T) {
	want := event.ID{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0, 1, 2, 3, 4, 5, 6, 0xff}
	for _, s := range []string{
		"0123456789abcdef00010203040506ff", "0123456789ABCDEF00010203040506FF", "01234567-89ab-cdef-0001-0203040506ff",
	} {
		got, err := event.ParseID(s)
		require.NoError(t, err, s)
		require.Equal(t, want, got, s)
	}
	for _, s := range []string{
		"", "0", "0123456789abcdef00010203040506f", "0123456789abcdef00010203040506ff0",
		"0123456789abcdef00010203040506fg", "0123456789abcdef00010203040506f/", "0123456789abcdef00010203040506f:",
		"0123456789abcdef00010203040506f@", "0123456789abcdef00010203040506f`", " 123456789abcdef00010203040506ff",
		"01234567-89ab-cdef-0001-0203040506f-", "0123456-789ab-cdef-0001-0203040506ff", "01234567+89ab-cdef-0001-0203040506ff",
		"{1234567-89ab-cdef-0001-0203040506f}", strings.Repeat("-", 36), strings.Repeat("é", 16),
	} {
		got, err := event.ParseID(s)
		require.ErrorIs(t, err, event.ErrID, s)
		require.Zero(t, got)
	}
}

func TestIDText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var id event.ID
		copy(id[:], rapid.SliceOfN(rapid.Byte(), event.IDSize, event.IDSize).Draw(t, "id"))
		require.Equal(t, hex.EncodeToString(id[:]), id.String())
		got, err := event.ParseID(strings.ToUpper(id.String()))
		require.NoError(t, err)
		require.Equal(t, id, got)

		text, err := id.MarshalText()
		require.NoError(t, err)
		var again event.ID
		require.NoError(t, again.UnmarshalText(text))
		require.Equal(t, id, again)
		require.ErrorIs(t, again.UnmarshalText(text[1:]), event.ErrID)
		require.Equal(t, id, again, "an error leaves the id as it was")

		var le [event.IDSize]byte
		id.PutLE(le[:])
		require.Equal(t, binary.BigEndian.Uint64(id[:8]), binary.LittleEndian.Uint64(le[8:]))
		require.Equal(t, id, event.IDFromLE(le[:]))
	})
	h := event.Hash{0xAB, 31: 0x01}
	require.Equal(t, "ab"+strings.Repeat("00", 30)+"01", h.String())
	text, _ := h.MarshalText()
	require.Equal(t, h.String(), string(text))
	require.False(t, h.IsZero())
	require.True(t, event.Hash{}.IsZero())
	require.True(t, event.ID{}.IsZero())
	require.False(t, event.ID{15: 1}.IsZero())
}

func TestKind(t *testing.T) {
	for s, want := range map[string]event.Kind{
		"0": 0, "4096": event.Data, "0x1000": event.Data, "0X1000": event.Data, "0xd007": event.EffectConflict,
		"65535": 0xFFFF, "0xFFFF": 0xFFFF, "010": 10, "0x0FFE": event.Tombstone,
	} {
		got, err := event.ParseKind(s)
		require.NoError(t, err, s)
		require.Equal(t, want, got, s)
	}
	for _, s := range []string{"", "-1", "+1", "0x", "x1000", "65536", "0x10000", "0b1", "0o7", "1_000", "0x1_0", " 1", "1 ", "data"} {
		_, err := event.ParseKind(s)
		require.ErrorIs(t, err, event.ErrKind, s)
	}
	for k := range 1 << 16 {
		k := event.Kind(k)
		require.Equal(t, k, event.Kind(k.Category())<<12|event.Kind(k.TypeID()))
		require.Equal(t, k == 6 || k == 7, k.IsMarker())
		if k%251 == 0 {
			again, err := event.ParseKind(k.String())
			require.NoError(t, err)
			require.Equal(t, k, again)
			require.Len(t, k.String(), 6)
		}
	}
	require.Equal(t, "0x0FFE", event.Tombstone.String())
}

func TestKinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := rapid.Custom(func(t *rapid.T) event.Kinds {
			switch rapid.IntRange(0, 2).Draw(t, "form") {
			case 0:
				return event.Kinds{}
			case 1:
				return event.Only(event.Kind(rapid.Uint16Range(0, 0x2100).Draw(t, "kind")))
			}
			return event.InCategory(rapid.Uint8().Draw(t, "category") & 0x13)
		})
		a, b := set.Draw(t, "a"), set.Draw(t, "b")
		k := event.Kind(rapid.Uint16Range(0, 0x3000).Draw(t, "k"))
		both, any := a.Intersect(b)
		if !any {
			require.False(t, a.Has(k) && b.Has(k))
			return
		}
		require.Equal(t, a.Has(k) && b.Has(k), both.Has(k))
		first, last := both.Bounds()
		require.Equal(t, both.Has(k), first <= k && k <= last)
		require.Equal(t, a.All() && b.All(), both.All())
	})
	require.True(t, event.InCategory(0x1).Has(event.Data))
	require.False(t, event.InCategory(0x1).Has(0x2000))
	require.False(t, event.Only(event.Data).Has(0x1001))
}

func TestCoordinate(t *testing.T) {
	long := strings.Repeat("n", event.MaxName)
	for _, name := range []string{"a", "\x00", "tab\t\n", "日本", long} {
		require.NoError(t, event.At(name, "s").Check())
		require.NoError(t, event.At("e", name).Check())
	}
	for name, want := range map[string]error{
		"": event.ErrNameEmpty, long + "n": event.ErrNameLong, "\xff": event.ErrNameUTF8, "\xed\xa0\x80": event.ErrNameUTF8,
	} {
		require.ErrorIs(t, event.At(name, "s").Check(), want)
		require.ErrorIs(t, event.At("e", name).Check(), want)
	}
}

func TestPositionEnd(t *testing.T) {
	require.EqualValues(t, 15, event.Position{Offset: 10, Length: 5}.End())
	require.EqualValues(t, 1, event.Position{Offset: ^uint64(0), Length: 2}.End(), "it wraps")
}
