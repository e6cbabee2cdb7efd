package payload

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"
)

type inner struct{ X, Y int }
type Exported struct{ E string }
type shadow struct{ A int }
type named string
type textKey struct{ n int }

func (k textKey) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "k%d", k.n), nil }

type byPointer struct{ n int }

func (p *byPointer) EncodeMsgpack(e *msgpack.Encoder) error { return e.EncodeInt64(int64(p.n)) }

type garbage struct{ b []byte }

func (g garbage) MarshalMsgpack() ([]byte, error) { return g.b, nil }

var ten = 10

// agreed lists values that Marshal and the library encode alike, apart from Marshal's additions.
var agreed = []any{
	nil, true, false, 0, -1, 127, 128, -32, -33, -128, -129, int64(math.MaxInt64), int64(math.MinInt64), uint64(math.MaxUint64),
	int8(-5), int16(300), int32(-70000), int64(5), uint8(200), uint16(7), uint32(1 << 31), uint(3),
	float32(1.5), 1.5, math.Inf(-1), "", "text", string(bytes.Repeat([]byte("s"), 300)), named("n"), []byte{1, 2}, []byte(nil), [3]byte{1, 2, 3},
	[]string{"a"}, []string(nil), []int{1, 300}, []any{1, "x", nil}, [2]bool{true}, map[string]any(nil), (*int)(nil), &ten,
	map[string]any{"b": 1, "a": []any{int64(5)}, "long enough to be a str8 of more than 32 bytes": nil}, map[string]string{"z": "1", "y": "2"}, map[string]bool{"t": true, "f": false},
	time.Unix(1, 0), time.Unix(1, 5), time.Unix(-1, 5), time.Unix(1<<35, 0), time.Duration(1500), netip.MustParseAddr("10.0.0.1"),
	struct{}{}, inner{1, -2}, &inner{3, 4}, []inner{{5, 6}},
	struct {
		B int
		A string `msgpack:"first"`
		C any    `msgpack:"-"`
		d int
	}{1, "x", 2, 3},
	struct {
		A int            `msgpack:",omitempty"`
		B string         `msgpack:"b,omitempty"`
		C *int           `msgpack:",omitempty"`
		D []int          `msgpack:",omitempty"`
		T time.Time      `msgpack:",omitempty"`
		I inner          `msgpack:",omitempty"`
		O struct{}       `msgpack:",omitempty"`
		N any            `msgpack:",omitempty"`
		M map[string]any `msgpack:",omitempty"`
		F float64        `msgpack:",omitempty"`
	}{},
	struct {
		A int    `msgpack:",omitempty"`
		C *int   `msgpack:",omitempty"`
		D [2]int `msgpack:",omitempty"`
		N any    `msgpack:",omitempty"`
	}{1, &ten, [2]int{}, 0},
	struct {
		_msgpack struct{} `msgpack:",omitempty"`
		A, B     int
	}{B: 1},
	struct {
		_msgpack struct{} `msgpack:",as_array"`
		A        int
		B        string
	}{A: 1, B: "x"},
	struct {
		inner
		Exported
		Z int
	}{inner{1, 2}, Exported{"e"}, 3},
	struct {
		*Exported
		Z int
	}{Z: 3},
	struct {
		*Exported
		Z int `msgpack:",omitempty"`
	}{Z: 3},
	struct {
		*Exported
		Z int
	}{&Exported{"e"}, 3},
	struct {
		A int
		shadow
	}{A: 1, shadow: shadow{2}},
	struct {
		A      int
		shadow `msgpack:",inline"`
	}{A: 1, shadow: shadow{2}},
	struct {
		Exported `msgpack:",noinline"`
	}{Exported{"e"}},
	struct {
		Exported `msgpack:"x"`
	}{Exported{"e"}},
	struct {
		time.Time
		N int
	}{time.Unix(1, 0), 2},
	struct{ E error }{errors.New("boom")},
	struct{ E error }{nil},
	struct{ P **int }{func() **int { p := &ten; return &p }()},
	[]*byPointer{{300}, nil}, &byPointer{5}, []byPointer{{7}}, textKey{3}, []textKey{{4}},
	msgpack.RawMessage{0x92, 0x01, 0x02},
}

func TestMarshalAgreesWithTheLibrary(t *testing.T) {
	for _, v := range agreed {
		var buf bytes.Buffer
		enc := msgpack.NewEncoder(&buf)
		enc.UseCompactInts(true)
		enc.SetSortMapKeys(true)
		require.NoError(t, enc.Encode(v), "%T", v)
		got, err := Marshal(v)
		require.NoError(t, err, "%T", v)
		require.Equal(t, fmt.Sprintf("%x", buf.Bytes()), fmt.Sprintf("%x", got), "%T %+v", v, v)
		require.NoError(t, Check(got))
	}
}

// TestMarshalBatpak compares with bytes written by batpak, from testdata/fixtures.tsv.
func TestMarshalBatpak(t *testing.T) {
	type transfer struct {
		Amount int    `msgpack:"amount"`
		N      int    `msgpack:"n"`
		Note   string `msgpack:"note"`
	}
	b, err := Marshal(transfer{259, 7, "transfer"})
	require.NoError(t, err)
	require.Equal(t, unhex(t, "83a6616d6f756e74cd0103a16e07a46e6f7465a87472616e73666572"), b)
	var back transfer
	require.NoError(t, Unmarshal(b, &back))
	require.Equal(t, transfer{259, 7, "transfer"}, back)
}

func TestMarshalSortsEveryMap(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{map[string]int{"b": 2, "a": 1, "c": 3, "aa": 4}, `{"a":1,"aa":4,"b":2,"c":3}`},
		{map[string]string{"b": "2", "a": "1", "c": "3", "aa": "4"}, `{"a":"1","aa":"4","b":"2","c":"3"}`},
		{map[named][]int{"z": nil, "y": {1}}, `{"y":[1],"z":null}`},
		{map[int]string{300: "c", 1: "a", 200: "b", -1: "d"}, `{"$map":[[1,"a"],[200,"b"],[300,"c"],[-1,"d"]]}`},
		{map[any]any{"x": 1, 5: 2, true: 3, "a longer string, over thirty-two bytes": 4}, `{"$map":[["a longer string, over thirty-two bytes",4],["x",1],[5,2],[true,3]]}`},
		{map[any]any{int8(1): 2, int64(1): 1, uint(1): 3}, `{"$map":[[1,1],[1,2],[1,3]]}`},
		{map[string]inner{"q": {1, 2}, "p": {3, 4}}, `{"p":{"X":3,"Y":4},"q":{"X":1,"Y":2}}`},
		{map[inner]int{{2, 0}: 1, {1, 0}: 2}, `{"$map":[[{"X":1,"Y":0},2],[{"X":2,"Y":0},1]]}`},
		{map[textKey]int{{2}: 2, {1}: 1}, `{"$map":[[{"$bin":"azE="},1],[{"$bin":"azI="},2]]}`},
		{map[string]any{"b": map[string]int{"y": 1, "x": 2}, "a": 0}, `{"a":0,"b":{"x":2,"y":1}}`},
		{[]byPointer{{7}}, `[7]`},
		{byPointer{300}, `300`}, // not addressable: the library refuses
	} {
		for range 20 {
			b, err := Marshal(c.v)
			require.NoError(t, err, "%T", c.v)
			got, err := AppendJSON(nil, b)
			require.NoError(t, err)
			require.Equal(t, c.want, string(got), "%T", c.v)
		}
	}
}

func TestMarshalIgnoresIntern(t *testing.T) {
	v := []struct {
		S string `msgpack:",intern"`
	}{{"same text"}, {"same text"}}
	b, err := Marshal(v)
	require.NoError(t, err)
	back := v[:0:0]
	require.NoError(t, Unmarshal(b, &back))
	require.Equal(t, v, back)
}

type cycle struct{ Next *cycle }
type pointerCycle *pointerCycle

func TestMarshalRefuses(t *testing.T) {
	loop := &cycle{}
	loop.Next = loop
	var p pointerCycle
	p = &p
	var a any
	a = &a
	self := map[string]any{}
	self["self"] = self
	deep := any(1)
	for range MaxDepth {
		deep = []any{deep}
	}
	_, err := Marshal(deep)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		v     any
		class error
	}{
		"cycle":             {loop, ErrTooDeep},
		"pointer cycle":     {p, ErrTooDeep},
		"interface cycle":   {a, ErrTooDeep},
		"map cycle":         {self, ErrTooDeep},
		"65 deep":           {[]any{deep}, ErrTooDeep},
		"65 deep by itself": {[]any{garbage{nested(MaxDepth, 0xc0)}}, ErrTooDeep},
		"chan":              {make(chan int), ErrType},
		"func in a field":   {struct{ F func() }{func() {}}, ErrType},
		"complex":           {[]any{1i}, ErrType},
		"uintptr":           {uintptr(1), ErrType},
		"writes nothing":    {garbage{nil}, ErrTruncated},
		"writes two":        {garbage{[]byte{1, 2}}, ErrTrailing},
		"writes garbage":    {garbage{[]byte{0xc1}}, ErrMalformed},
	} {
		b, err := Marshal(c.v)
		require.ErrorIs(t, err, c.class, name)
		require.ErrorIs(t, err, ErrType, name)
		require.Nil(t, b)
	}
	// Bytes do not count as a level.
	_, err = Marshal(map[string]any{"a": deepBytes(MaxDepth - 1)})
	require.NoError(t, err)
}

func deepBytes(n int) any {
	v := any([]byte{1})
	for range n {
		v = []any{v}
	}
	return v
}

func TestMarshalRoundTripsThroughUnmarshal(t *testing.T) {
	type order struct {
		ID    string
		Lines []struct {
			SKU string `msgpack:"sku"`
			Qty uint16
		}
		Total  float64
		Placed time.Time
		Extra  map[int]string
		Blob   []byte
		Owner  *inner
	}
	in := order{ID: "42", Total: 1.25, Placed: time.Unix(1_790_000_000, 5).UTC(), Extra: map[int]string{1: "a", -7: "b"}, Blob: []byte{0}, Owner: &inner{1, 2}}
	in.Lines = append(in.Lines, struct {
		SKU string `msgpack:"sku"`
		Qty uint16
	}{"x", 3})
	b, err := Marshal(in)
	require.NoError(t, err)
	var out order
	require.NoError(t, Unmarshal(b, &out))
	out.Placed = out.Placed.UTC()
	require.Equal(t, in, out)
	text, err := AppendJSON(nil, b)
	require.NoError(t, err)
	require.True(t, json.Valid(text))
}
