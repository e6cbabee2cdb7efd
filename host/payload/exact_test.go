package payload

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	wire "github.com/thawlog/thaw/core/msgpack"
)

// ints is an embedded struct.
type ints struct {
	Deep int8 `msgpack:"deep"`
}

// TestUnmarshalRefusesNumbers: a number that a Go type cannot hold is an error with its path, wherever the number is.
func TestUnmarshalRefusesNumbers(t *testing.T) {
	type line struct {
		Qty uint16 `msgpack:"qty"`
	}
	type order struct {
		ints
		*line
		Lines []line           `msgpack:"lines"`
		Three [3]int8          `msgpack:"three"`
		By    map[string]uint8 `msgpack:"by"`
		Num   map[int8]string  `msgpack:"num"`
		Ptr   **int32          `msgpack:"ptr"`
		F32   float32          `msgpack:"f32"`
		F64   float64          `msgpack:"f64"`
		Small uint8            `json:"small"`
		Any   any              `msgpack:"any"`
		Took  time.Duration    `msgpack:"took"`
	}
	m := func(k string, v any) any { return map[string]any{k: v} }
	for _, c := range []struct {
		value any
		into  any
		class error
		want  string
	}{
		{int64(1)<<40 + 7, new(int32), ErrRange, ": number out of range: 1099511627783 does not fit int32"},
		{-1, new(uint64), ErrRange, ": number out of range: -1 does not fit uint64"},
		{uint64(math.MaxUint64), new(int64), ErrRange, ": number out of range: 18446744073709551615 does not fit int64"},
		{128, new(int8), ErrRange, ": number out of range: 128 does not fit int8"},
		{-129, new(int8), ErrRange, ": number out of range: -129 does not fit int8"},
		{256, new(uint8), ErrRange, ": number out of range: 256 does not fit uint8"},
		{1.5, new(int), nil, ": the float 1.5 cannot be read as int"},
		{2.0, new(uint), nil, ": the float 2 cannot be read as uint"},
		{"7", new(int), nil, `: the string "7" cannot be read as int`},
		{int64(1)<<53 + 1, new(float64), ErrInexact, ": number would be rounded: 9007199254740993 does not fit float64"},
		{uint64(math.MaxUint64), new(float64), ErrInexact, ": number would be rounded: 18446744073709551615 does not fit float64"},
		{int64(math.MaxInt64), new(float64), ErrInexact, ": number would be rounded: 9223372036854775807 does not fit float64"},
		{-int64(1)<<53 - 1, new(float64), ErrInexact, ": number would be rounded: -9007199254740993 does not fit float64"},
		{1<<24 + 1, new(float32), ErrInexact, ": number would be rounded: 16777217 does not fit float32"},
		{0.1, new(float32), ErrInexact, ": number would be rounded: 0.1 does not fit float32"},
		{1e300, new(float32), ErrInexact, ": number would be rounded: 1e+300 does not fit float32"},
		{[]int{1, 300}, new([]uint8), nil, ": an array cannot be read as []uint8"},
		{[]int{1, 300}, new([2]int8), ErrRange, " at [1]: number out of range: 300 does not fit int8"},
		{[]int{1, 70000}, new([]uint16), ErrRange, " at [1]: number out of range: 70000 does not fit uint16"},
		{[]int{1}, new([2]int), nil, ": 1 elements do not fit [2]int"},
		{[]int{1, 2, 3}, new([2]int), nil, ": 3 elements do not fit [2]int"},
		{[]byte{1}, new([2]byte), nil, ": 1 bytes do not fit [2]uint8"},
		{map[string]int{"a b": -1}, new(map[string]uint), ErrRange, ` at ["a b"]: number out of range: -1 does not fit uint`},
		{map[int]int{7: 300}, new(map[int]int8), ErrRange, " at [7]: number out of range: 300 does not fit int8"},
		{map[int]int{300: 1}, new(map[int8]int), ErrRange, " at [key 0]: number out of range: 300 does not fit int8"},
		{map[float64]int{0.1: 1}, new(map[float32]int), ErrInexact, " at [key 0]: number would be rounded: 0.1 does not fit float32"},
		{m("lines", []any{m("qty", 1), m("qty", 65536)}), new(order), ErrRange, " at lines[1].qty: number out of range: 65536 does not fit uint16"},
		{m("deep", 200), new(order), ErrRange, " at deep: number out of range: 200 does not fit int8"},
		{m("qty", -1), new(order), nil, " at qty: cannot set an embedded pointer to unexported payload.line"},
		{m("three", []int{1, 2, -200}), new(order), ErrRange, " at three[2]: number out of range: -200 does not fit int8"},
		{m("by", m("x", 256)), new(order), ErrRange, " at by.x: number out of range: 256 does not fit uint8"},
		{m("num", map[int]string{128: ""}), new(order), ErrRange, " at num[key 0]: number out of range: 128 does not fit int8"},
		{m("ptr", int64(1)<<31), new(order), ErrRange, " at ptr: number out of range: 2147483648 does not fit int32"},
		{m("f32", 0.1), new(order), ErrInexact, " at f32: number would be rounded: 0.1 does not fit float32"},
		{m("f64", int64(1)<<53+1), new(order), ErrInexact, " at f64: number would be rounded: 9007199254740993 does not fit float64"},
		{m("small", 256), new(order), ErrRange, " at small: number out of range: 256 does not fit uint8"},
		{m("any", 256), &order{Any: new(uint8)}, ErrRange, " at any: number out of range: 256 does not fit uint8"},
		{m("took", uint64(1)<<63), new(order), ErrRange, " at took: number out of range: 9223372036854775808 does not fit time.Duration"},
		{[]any{[]any{m("a", 70000)}}, new([][]map[string]int16), ErrRange, " at [0][0].a: number out of range: 70000 does not fit int16"},
	} {
		b, err := Marshal(c.value)
		require.NoError(t, err)
		err = Unmarshal(b, c.into)
		require.EqualError(t, err, "payload: type mismatch"+c.want, "%T", c.into)
		require.ErrorIs(t, err, ErrType)
		if c.class != nil {
			require.ErrorIs(t, err, c.class)
		}
	}
}

// TestUnmarshalNumbersProperty: a number is decoded exactly or refused, and refused only if it does not fit.
func TestUnmarshalNumbersProperty(t *testing.T) {
	targets := []any{new(int), new(int8), new(int16), new(int32), new(int64), new(uint), new(uint8), new(uint16), new(uint32), new(uint64), new(float32), new(float64)}
	rapid.Check(t, func(t *rapid.T) {
		var b []byte
		var want *big.Float
		isFloat := false
		switch shift := rapid.IntRange(0, 63).Draw(t, "shift"); rapid.IntRange(0, 4).Draw(t, "form") {
		case 0:
			n := rapid.Int64().Draw(t, "n") >> shift
			b, want = wire.AppendInt(nil, n), new(big.Float).SetInt64(n)
		case 1:
			n := rapid.Int64().Draw(t, "wide") >> shift // a form wider than needed
			b, want = append([]byte{0xd3}, unsigned(uint64(n))...), new(big.Float).SetInt64(n)
		case 2:
			n := rapid.Uint64().Draw(t, "u") >> shift
			b, want = append([]byte{0xcf}, unsigned(n)...), new(big.Float).SetUint64(n)
		case 3:
			f := rapid.Float64().Draw(t, "f")
			b, want, isFloat = wire.AppendFloat64(nil, math.Float64bits(f)), big.NewFloat(f), true
		case 4:
			f := rapid.Float32().Draw(t, "f32")
			b, want, isFloat = wire.AppendFloat32(nil, math.Float32bits(f)), big.NewFloat(float64(f)), true
		}
		for _, into := range targets {
			v := reflect.ValueOf(into).Elem()
			v.SetZero()
			err := Unmarshal(b, into)
			if isFloat && v.Kind() != reflect.Float32 && v.Kind() != reflect.Float64 {
				require.ErrorIs(t, err, ErrType)
				continue
			}
			require.Equal(t, holds(v.Kind(), want), err == nil, "%v into %T: %v", want, into, err)
			if err == nil {
				got, _, err := big.ParseFloat(fmt.Sprintf("%v", v.Interface()), 10, 200, big.ToNearestEven)
				require.NoError(t, err)
				if v.CanFloat() {
					got = big.NewFloat(v.Float())
				}
				require.Zero(t, want.Cmp(got), "%v into %T", want, into)
			}
		}
	})
}

func unsigned(n uint64) []byte {
	b := make([]byte, 8)
	for i := range b {
		b[7-i] = byte(n >> (8 * i))
	}
	return b
}

// holds reports whether a Go type can hold a number, from the definition of the type.
func holds(k reflect.Kind, n *big.Float) bool {
	switch k {
	case reflect.Float64:
		_, acc := n.Float64()
		return acc == big.Exact
	case reflect.Float32:
		_, acc := n.Float32()
		return acc == big.Exact
	}
	bits := map[reflect.Kind]int{reflect.Int8: 8, reflect.Int16: 16, reflect.Int32: 32, reflect.Int64: 64, reflect.Int: 64,
		reflect.Uint8: 8, reflect.Uint16: 16, reflect.Uint32: 32, reflect.Uint64: 64, reflect.Uint: 64}[k]
	low, high := new(big.Int), new(big.Int).Lsh(big.NewInt(1), uint(bits))
	if k <= reflect.Int64 {
		high.Rsh(high, 1)
		low.Neg(high)
	}
	i, _ := n.Int(nil)
	return i.Cmp(low) >= 0 && i.Cmp(high) < 0
}

// TestUnmarshalTwice: a Go map and a struct have one place for a key.
func TestUnmarshalTwice(t *testing.T) {
	for _, c := range []struct {
		hex  string
		into any
		at   string
	}{
		{"82 a161 01 a161 02", new(map[string]int), "a"},
		{"82 a161 01 a161 02", new(any), "a"},
		{"82 a161 01 a161 02", new(map[string]any), "a"},
		{"82 a161 a0 a161 a0", new(map[string]string), "a"},
		{"82 a141 01 a141 02", &struct{ A int }{}, "A"},
		{"82 01 a0 d30000000000000001 a0", new(map[int]string), "[1]"},
		{"92 c0 82 a161 01 c40161 02", new([]map[string]int), "[1][value 1]"},
	} {
		err := Unmarshal(unhex(t, c.hex), c.into)
		require.EqualError(t, err, "payload: type mismatch at "+c.at+": duplicate key", "%T", c.into)
	}
	err := Unmarshal(unhex(t, "81 90 01"), new(map[any]any))
	require.EqualError(t, err, "payload: type mismatch at [key 0]: a Go map cannot have such a key")
}

// TestTimeKeepsItsInstant checks times to the nanosecond, in UTC wherever they are written and read.
func TestTimeKeepsItsInstant(t *testing.T) {
	zone := time.FixedZone("east", 9*3600)
	here := time.Local
	time.Local = zone
	defer func() { time.Local = here }()
	type event struct {
		At    time.Time            `msgpack:"at"`
		Ptr   *time.Time           `msgpack:"ptr"`
		Times map[time.Time]string `msgpack:"times"`
		Any   any                  `msgpack:"any"`
	}
	for _, at := range []time.Time{
		time.Unix(0, 0), time.Unix(1790000000, 123456789), time.Unix(1<<34, 1), time.Unix(-1, 999999999), time.Unix(1<<40, 5),
		time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999999, zone), {},
	} {
		in := event{at, &at, map[time.Time]string{at: "x"}, at}
		b, err := Marshal(in)
		require.NoError(t, err)
		var out event
		require.NoError(t, Unmarshal(b, &out))
		want := at.UTC()
		require.Equal(t, event{want, &want, map[time.Time]string{want: "x"}, want}, out)
		if want.Year() > 9999 {
			continue
		}
		// JSON has no timestamp, only strings.
		b, err = Marshal(map[string]string{"at": at.Format(time.RFC3339Nano)})
		require.NoError(t, err)
		out = event{}
		require.NoError(t, Unmarshal(b, &out))
		require.Equal(t, want, out.At)
	}
	for text, want := range map[string]string{
		"2015-11-01T00:00:00.1234567891Z":  "number would be rounded: 2015-11-01T00:00:00.1234567891Z does not fit time.Time",
		"2015-11-01":                       `parsing time "2015-11-01" as "2006-01-02T15:04:05.999999999Z07:00": cannot parse "" as "T"`,
		"2015-11-01T00:00:00,1234567891Z":  "number would be rounded: 2015-11-01T00:00:00,1234567891Z does not fit time.Time",
		"2015-11-01T00:00:00.1234567890Z":  "",
		"2015-11-01T00:00:00,1234567890Z":  "",
		"2015-11-01T01:00:00.5+01:00":      "",
		"2015-11-01T00:00:00.00000000001Z": "number would be rounded: 2015-11-01T00:00:00.00000000001Z does not fit time.Time",
	} {
		b, err := Marshal([]string{text})
		require.NoError(t, err)
		var out []time.Time
		if err = Unmarshal(b, &out); want == "" {
			require.NoError(t, err)
			continue
		}
		require.EqualError(t, err, "payload: type mismatch at [0]: "+want)
	}
	for hex, want := range map[string]string{
		"d7 ff ee6b280000000000":             "number out of range: 0 s and 1000000000 ns do not fit time.Time",
		"c7 0c ff ffffffff 0000000000000000": "number out of range: 0 s and 4294967295 ns do not fit time.Time",
		"c7 0c ff 00000000 7fffffffffffffff": "number out of range: 9223372036854775807 s and 0 ns do not fit time.Time",  // Before 1970, it says
		"c7 0c ff 00000000 8000000000000000": "number out of range: -9223372036854775808 s and 0 ns do not fit time.Time", // of the year 292277026596
		"c7 05 ff 0000000000":                "a timestamp has 4, 8 or 12 bytes, not 5",
		"d6 05 00000000":                     "an ext of type 5 cannot be read as time.Time",
		"05":                                 "the integer 5 cannot be read as time.Time",
	} {
		require.EqualError(t, Unmarshal(unhex(t, hex), new(time.Time)), "payload: type mismatch: "+want, hex)
	}
}

// shouting is a user's type whose error quotes its input.
type shouting struct{}

func (*shouting) UnmarshalText(b []byte) error { return fmt.Errorf("no %s", b) }

// TestTypeErrorText: the path has a step for each name, even an empty one, and text from a payload is escaped.
func TestTypeErrorText(t *testing.T) {
	for _, c := range []struct {
		in, into any
		want     string
	}{
		{map[string]int{"": 300}, new(map[string]int8), `at [""]: number out of range: 300 does not fit int8`},
		{map[string]map[string]int{"a": {"": 300}}, new(map[string]map[string]int8), `at a[""]: number out of range: 300 does not fit int8`},
		{map[string]int{"\x1b": 300}, new(map[string]int8), `at ["\x1b"]: number out of range: 300 does not fit int8`},
		{[][]byte{[]byte("\x1b[2J\n\u009b")}, new([]shouting), `at [0]: no \x1b[2J\n\u009b`},
		{[]string{"\x7f"}, new([]time.Time), `at [0]: parsing time "\x7f" as "2006-01-02T15:04:05.999999999Z07:00": cannot parse "\x7f" as "2006"`},
	} {
		b, err := Marshal(c.in)
		require.NoError(t, err)
		require.EqualError(t, Unmarshal(b, c.into), "payload: type mismatch "+c.want)
	}
}

// TestMarshalFieldsOfOneName: a map with a duplicate key could not be read.
func TestMarshalFieldsOfOneName(t *testing.T) {
	type Inner struct {
		N int `json:"n"`
	}
	for _, v := range []any{
		struct {
			Inner
			N int `json:"n"`
		}{},
		struct {
			A int `msgpack:"n"`
			B int `msgpack:"n"`
		}{},
		struct {
			A int `msgpack:"n"`
			B int `json:"n,omitempty"`
		}{B: 1},
	} {
		_, err := Marshal([]any{v})
		require.ErrorIs(t, err, ErrType)
		require.ErrorContains(t, err, `has two fields named "n"`)
	}
	type asArray struct {
		//lint:ignore U1000 only its tag matters
		_msgpack struct{} `msgpack:",as_array"`
		A        int      `msgpack:"n"`
		B        int      `msgpack:"n"`
	}
	b, err := Marshal(asArray{A: 1, B: 2})
	require.NoError(t, err)
	require.Equal(t, unhex(t, "92 01 02"), b)
	// The inner struct keeps its own name if the outer field comes first.
	b, err = Marshal(struct {
		N int `json:"n"`
		Inner
	}{1, Inner{2}})
	require.NoError(t, err)
	text, err := AppendJSON(nil, b)
	require.NoError(t, err)
	require.JSONEq(t, `{"n":1,"Inner":{"n":2}}`, string(text))
}

// TestJSONTags: json tags count if there is no msgpack tag.
func TestJSONTags(t *testing.T) {
	type Inner struct {
		X int `json:"x"`
	}
	type Named struct {
		Y int `json:"y"`
	}
	type both struct {
		ID   int `json:"id"`
		Both int `json:"wrong" msgpack:"right"`
		Gone int `json:"-"`
		//lint:ignore SA5008 that is how encoding/json spells a field named "-"
		Dash   int       `json:"-,"`
		Empty  string    `json:"empty,omitempty"`
		Zero   time.Time `json:"zero,omitzero"`
		List   []int     `json:"list,omitzero"`
		Plain  int
		String int `json:",string"`
		Inner
		Named `json:"named"`
	}
	in := both{ID: 1, Both: 2, Gone: 3, Dash: 4, Plain: 5, String: 6, Inner: Inner{7}, Named: Named{8}, List: []int{}}
	b, err := Marshal(in)
	require.NoError(t, err)
	text, err := AppendJSON(nil, b)
	require.NoError(t, err)
	require.Equal(t, `{"id":1,"right":2,"-":4,"list":[],"Plain":5,"String":6,"x":7,"named":{"y":8}}`, string(text))
	var out both
	require.NoError(t, Unmarshal(b, &out))
	in.Gone = 0
	require.Equal(t, in, out)
}

// TestRawJSON: json.RawMessage is encoded as the value of its text.
func TestRawJSON(t *testing.T) {
	type event struct {
		Body json.RawMessage            `json:"body"`
		Ptr  *json.RawMessage           `json:"ptr,omitempty"`
		Many map[string]json.RawMessage `json:"many,omitempty"`
		None json.RawMessage            `json:"none"`
	}
	in := event{Body: json.RawMessage(` {"n": 1, "at": [1.50, null]} `), Many: map[string]json.RawMessage{"a": json.RawMessage(`"x"`)}}
	b, err := Marshal(in)
	require.NoError(t, err)
	same, err := ParseJSON(nil, []byte(`{"body":{"n":1,"at":[1.5,null]},"many":{"a":"x"},"none":null}`))
	require.NoError(t, err)
	require.Equal(t, same, b)
	var out event
	require.NoError(t, Unmarshal(b, &out))
	require.Equal(t, event{
		Body: json.RawMessage(`{"n":1,"at":[1.5,null]}`), Many: map[string]json.RawMessage{"a": json.RawMessage(`"x"`)}, None: json.RawMessage("null"),
	}, out)
	require.NoError(t, Unmarshal([]byte{0xc4, 1, 0}, &out.Body))
	require.Equal(t, `{"$bin":"AA=="}`, string(out.Body))

	_, err = Marshal(json.RawMessage(`{"n":1e-400}`))
	require.ErrorIs(t, err, ErrInexact)
	require.ErrorIs(t, err, ErrType)
	_, err = Marshal(json.RawMessage{})
	require.ErrorIs(t, err, ErrTruncated)
}
