package payload

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	wire "github.com/thawlog/thaw/core/msgpack"
)

type recursive map[string]recursive

type everyField struct {
	Any     any
	Err     error
	Str     string
	Intern  string `msgpack:",intern"`
	AnyIn   any    `msgpack:",intern"`
	Bytes   []byte
	Four    [4]byte
	Ints    []int
	Strs    []string
	Pair    [2]int
	Map     map[string]any
	Typed   map[string]int
	Keys    map[any]any
	Texts   map[string]string
	Rec     recursive
	Time    time.Time
	TimePtr *time.Time
	Raw     msgpack.RawMessage
	Self    *everyField
	Small   uint8
	F32     float32
	Nested  struct{ M map[string]map[string]bool }
}

// targets returns a new value of every kind of Go type that the library treats specially.
func targets() []any {
	return []any{
		new(any), new(map[string]any), new(map[string]string), new(map[string]int), new(map[any]any), new(recursive),
		new([]any), new([]string), new([]int), new([]map[string]any), new([2]map[string]any), new([]byte), new([4]byte),
		new(string), new(int), new(uint8), new(bool), new(float32), new(float64), new(time.Time), new(time.Duration),
		new(msgpack.RawMessage), new(error), new(everyField), new([]everyField), new(map[string]everyField), new(fmt.Stringer),
	}
}

func TestUnmarshal(t *testing.T) {
	var v struct {
		Amount int `msgpack:"amount"`
		Note   string
		When   time.Time
		Tags   []string
	}
	b := unhex(t, "85 a6616d6f756e74 cd0103 a44e6f7465 a26869 a45768656e d6ff00000001 a454616773 92a161a162 a7556e6b6e6f776e d40500")
	require.NoError(t, Unmarshal(b, &v))
	require.Equal(t, 259, v.Amount)
	require.Equal(t, "hi", v.Note)
	require.True(t, time.Unix(1, 0).Equal(v.When))
	require.Equal(t, []string{"a", "b"}, v.Tags)

	var a any
	require.NoError(t, Unmarshal(unhex(t, "82 a161 92c0c3 a162 c40101"), &a))
	require.Equal(t, map[string]any{"a": []any{nil, true}, "b": []byte{1}}, a)
}

// TestUnmarshalRustBytes decodes a Vec<u8> written by Rust without serde_bytes.
func TestUnmarshalRustBytes(t *testing.T) {
	b := unhex(t, "92 01 ccff")
	var bytes []byte
	require.ErrorIs(t, Unmarshal(b, &bytes), ErrType)
	var ints []uint16
	require.NoError(t, Unmarshal(b, &ints))
	require.Equal(t, []uint16{1, 255}, ints)
}

func TestUnmarshalDoesNotAlias(t *testing.T) {
	b := unhex(t, "82 a161 c40101 a162 a178")
	var v map[string]any
	require.NoError(t, Unmarshal(b, &v))
	for i := range b {
		b[i] = 0xc1
	}
	require.Equal(t, map[string]any{"a": []byte{1}, "b": "x"}, v)
}

func TestUnmarshalChecksFirst(t *testing.T) {
	for code, class := range map[string]error{
		"c1": ErrMalformed, "01 02": ErrTrailing, "92 01": ErrTruncated, "df 80000000": ErrTruncated,
		"c6 40000000": ErrTruncated, "81 a1 61": ErrTruncated,
	} {
		var v any
		require.ErrorIs(t, Unmarshal(unhex(t, code), &v), class, code)
		require.Nil(t, v)
	}
}

// hostile returns payloads that pass Check and break the library: the bodies of exts are opaque to Check.
func hostile(t testing.TB) map[string][]byte {
	deep := append([]byte{0x81, 0xa1, 0x61}, nested(200_000, 0xc0)...)
	deepExt := append([]byte{0xc9, 0, 0x03, 0x0d, 0x44, 0xff}, deep...)
	require.Len(t, deep, 0x030d44)
	flat := append([]byte{0xdc, 0x27, 0x11}, bytes.Repeat(unhex(t, "81 a161 c70001"), 10_001)...)
	asKeys := append([]byte{0xde, 0x4e, 0x20, 0xa1, 0x61}, bytes.Repeat(unhex(t, "81 a161 c70001"), 2*0x4e20-1)...)
	return map[string][]byte{
		"map32 of 4 G in an ext body":        unhex(t, "c7 05 01 df ffffffff"),
		"map32 of 16 M in an ext body":       unhex(t, "c7 05 01 df 00ffffff"),
		"map32 across the end of an ext":     unhex(t, "92 d6 ff df ff ff ff ff"),
		"map32 in a field's ext":             unhex(t, "81 a34d6170 c7 05 01 df ffffffff"),
		"map32 in a field's ext, typed":      unhex(t, "81 a55479706564 c7 05 01 df 00ffffff"),
		"ext16":                              unhex(t, "c8 0005 01 df ffffffff"),
		"ext32":                              unhex(t, "c9 00000005 01 df ffffffff"),
		"200,000 arrays in an ext body":      deepExt,
		"empty exts step down":               flat,
		"empty exts step down a map of maps": asKeys,
		"array as key":                       unhex(t, "81 90 c0"),
		"map as key":                         unhex(t, "81 80 c0"),
		"number for an interface":            unhex(t, "81 a3457272 01"),
		"array for an interface":             unhex(t, "81 a3457272 90"),
		"dictionary reference":               unhex(t, "81 a6496e7465726e d48005"),
		"dictionary reference, any":          unhex(t, "d4 80 05"),
		"time of five bytes":                 unhex(t, "c7 05 ff 0000000000"),
		"time with absurd nanoseconds":       unhex(t, "d7 ff ffffffffffffffff"),
		"RFC 3339 for a time":                unhex(t, "a3 616263"),
		"nil for everything":                 unhex(t, "c0"),
	}
}

// TestUnmarshalHostile: no panic, no fatal error and little memory, for any target.
func TestUnmarshalHostile(t *testing.T) {
	for name, b := range hostile(t) {
		require.NoError(t, Check(b), name)
		for _, v := range targets() {
			got := allocated(func() { _ = Unmarshal(b, v) })
			require.Less(t, got, uint64(64<<10+200*len(b)), "%s into %T", name, v)
		}
	}
}

// TestUnmarshalDepthHolds: without the guard this valid payload of depth 2 would be decoded 39,999 levels deep.
func TestUnmarshalDepthHolds(t *testing.T) {
	var r recursive
	require.ErrorIs(t, Unmarshal(hostile(t)["empty exts step down a map of maps"], &r), errExtAsValue)
}

func TestUnmarshalRefusesExtAsMap(t *testing.T) {
	var m map[string]any
	err := Unmarshal(unhex(t, "c7 02 05 81 a0"), &m)
	require.ErrorIs(t, err, ErrType)
	require.ErrorIs(t, err, errExtAsValue)
	require.EqualError(t, err, "payload: type mismatch: an ext cannot be read as this type")
	// A skipped ext does no harm.
	var v struct{ A int }
	require.NoError(t, Unmarshal(unhex(t, "82 a178 c7050 1dfffffffff a141 07"), &v))
	require.Equal(t, 7, v.A)
}

// TestUnmarshalMultiple checks the documented multiple with the worst small values of each Go kind, repeated.
func TestUnmarshalMultiple(t *testing.T) {
	for name, unit := range map[string]string{
		"nil": "c0", "int": "01", "empty map": "80", "empty array": "90", "array of one": "91c0", "map of one": "81a0c0",
		"str": "a161", "bin": "c400", "wide": "cb3ff0000000000000", "time": "d6ff00000000", "map of two": "82a0c0a161c0",
	} {
		u := unhex(t, unit)
		const n = 20_000
		b := append(wire.AppendArray(nil, n), bytes.Repeat(u, n)...)
		var v any
		var err error
		got := allocated(func() { err = Unmarshal(b, &v) })
		require.NoError(t, err)
		t.Logf("%-13s %5.1f bytes per byte", name, float64(got)/float64(len(b)))
		require.Less(t, got, uint64(130*len(b)+64<<10), name)
	}
	// One long string or bin costs its length and one copy.
	for _, code := range []byte{0xc6, 0xdb} {
		b := append([]byte{code, 0x01, 0, 0, 0}, make([]byte, 1<<24)...)
		var v any
		got := allocated(func() { require.NoError(t, Unmarshal(b, &v)) })
		require.Less(t, got, uint64(4*len(b)))
	}
}

func TestUnmarshalPanicsBecomeErrors(t *testing.T) {
	for _, v := range []any{new(fmt.Stringer), &struct{ Err error }{}, new(map[any]any)} {
		var err error
		require.NotPanics(t, func() {
			err = Unmarshal(unhex(t, "81 a3457272 01"), v)
			if err == nil {
				err = Unmarshal(unhex(t, "81 90 01"), v)
			}
		})
		require.ErrorIs(t, err, ErrType, "%T", v)
	}
	for _, v := range []any{nil, 5, (*int)(nil), everyField{}} {
		require.ErrorIs(t, Unmarshal([]byte{1}, v), ErrType)
	}
}

type lazy struct{}

func (*lazy) DecodeMsgpack(d *msgpack.Decoder) error { return nil }

func TestUnmarshalNoticesUnreadBytes(t *testing.T) {
	require.ErrorContains(t, Unmarshal([]byte{1}, &lazy{}), "unread")
}
