package payload

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"
)

// TestUnmarshalAgreesWithTheLibrary compares with the library where Unmarshal does not refuse.
func TestUnmarshalAgreesWithTheLibrary(t *testing.T) {
	decoded := 0
	for _, v := range agreed {
		if v == nil {
			continue
		}
		b, err := Marshal(v)
		require.NoError(t, err)
		ours, theirs := reflect.New(reflect.TypeOf(v)), reflect.New(reflect.TypeOf(v))
		refused := msgpack.NewDecoder(bytes.NewReader(b)).Decode(theirs.Interface())
		err = Unmarshal(b, ours.Interface())
		if refused != nil {
			require.Error(t, err, "%T", v)
			continue
		}
		require.NoError(t, err, "%T", v)
		decoded++
		// Compared as bytes, since times may differ in their zone.
		got, err := Marshal(ours.Interface())
		require.NoError(t, err)
		require.Equal(t, b, got, "%T", v)
		again, err := Marshal(theirs.Interface())
		require.NoError(t, err)
		if v, ok := v.(struct { // the library allocates for a nil
			*Exported
			Z int
		}); !ok || v.Exported != nil {
			require.Equal(t, again, got, "%T", v)
		}
	}
	require.GreaterOrEqual(t, decoded, 70)
}

type withID struct{ n byte }

func (w *withID) MarshalMsgpack() ([]byte, error) { return []byte{w.n}, nil }
func (w *withID) UnmarshalMsgpack(b []byte) error { w.n = b[0]; return nil }
func (w withID) String() string                   { return "" }
func newWithID(n byte) *withID                    { return &withID{n} }
func registerExt(t *testing.T, id int8) {
	msgpack.RegisterExt(id, (*withID)(nil))
	t.Cleanup(func() { msgpack.UnregisterExt(id) })
}

// TestUnmarshalForms checks the forms of a value that each Go type accepts.
func TestUnmarshalForms(t *testing.T) {
	type part struct{ A, B int8 }
	type whole struct {
		*Exported
		part
		Old  int  `msgpack:"new,alias:old"`
		Ptr  *int `msgpack:"ptr"`
		Kept string
	}
	registerExt(t, 9)
	nine, one := 9, 1
	var loop any
	loop = &loop
	for name, c := range map[string]struct {
		hex  string
		into any
		want any
	}{
		"array as struct":     {"92 01 02", &part{7, 7}, &part{1, 2}},
		"nil as struct":       {"c0", &part{7, 7}, &part{}},
		"alias":               {"81 a36f6c64 05", &whole{}, &whole{Old: 5}},
		"inlined":             {"82 a141 01 a145 a178", &whole{Kept: "k"}, &whole{part: part{A: 1}, Exported: &Exported{"x"}, Kept: "k"}},
		"whole embedded":      {"81 a47061727481a14203", &whole{}, &whole{part: part{B: 3}}},
		"nil in a pointer":    {"81 a3707472 c0", &whole{Ptr: &nine}, &whole{}},
		"follows a pointer":   {"81 a3707472 01", &whole{Ptr: new(int)}, &whole{Ptr: &one}},
		"bin key":             {"81 c40141 05", &part{}, &part{A: 5}},
		"bin as string":       {"c40161", new(string), ptr("a")},
		"str as bytes":        {"a161", new([]byte), ptr([]byte("a"))},
		"slice made new":      {"91 01", &[]int{7, 8}, &[]int{1}},
		"map made new":        {"81 a161 01", &map[string]int{"b": 2}, &map[string]int{"a": 1}},
		"nil map":             {"c0", &map[string]int{"b": 2}, new(map[string]int)},
		"any in any":          {"81 a161 92 cd0100 ff", new(any), ptr(any(map[string]any{"a": []any{uint16(256), int8(-1)}}))},
		"any, wide":           {"95 d1ffff d2ffffffff d3ffffffffffffffff ce00000001 cf0000000000000001", new(any), ptr(any([]any{int16(-1), int32(-1), int64(-1), uint32(1), uint64(1)}))},
		"any with a value":    {"05", ptr(any("old")), ptr(any(int8(5)))},
		"any with a pointer":  {"05", ptr(any(new(int))), ptr(any(ptr(5)))},
		"nil any":             {"c0", ptr(any("old")), new(any)},
		"error":               {"a162", new(error), ptr(error(nil))},
		"registered ext":      {"d4 09 07", new(withID), &withID{7}},
		"registered ext, any": {"d4 09 07", new(any), ptr(any(newWithID(7)))},
		"int as float":        {"cd0100", new(float64), ptr(256.0)},
		"wide int":            {"d3 0000000000000005", new(uint8), ptr(uint8(5))},
	} {
		require.NoError(t, Unmarshal(unhex(t, c.hex), c.into), name)
		if name == "error" {
			require.EqualError(t, *c.into.(*error), "b")
			continue
		}
		require.Equal(t, c.want, c.into, name)
	}
	for hex, into := range map[string]any{
		"93 01 02 03": &part{}, "91 01": &part{}, "90": &part{}, "05": loop, "81 05 01": new(any), "d4 08 07": new(any), "c3": new(int), "c2": new(string), "00": new(bool),
		"81 a141 c3": &part{}, "80": new([]int), "92 01 02": new(map[int]int),
	} {
		require.ErrorIs(t, Unmarshal(unhex(t, hex), into), ErrType, "%s into %T", hex, into)
	}
}

func ptr[T any](v T) *T { return &v }
