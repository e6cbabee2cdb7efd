package payload

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	wire "github.com/thawlog/thaw/core/msgpack"
)

type planInner struct {
	N int8   `msgpack:"n,alias:m"`
	S string `msgpack:"s"`
}

type planStruct struct {
	N     int
	S     string
	U     uint16
	F     float64
	B     bool
	T     time.Time
	P     *planInner
	List  []planInner
	Texts map[string]string
	Any   any
	planEmbedded
	*planPointer
	Ints []int
}

type (
	planEmbedded struct{ E, S2 string }
	planPointer  struct{ Q int }
	planText     string
)

// planTypes are types whose values Unmarshal and Marshal know directly.
var planTypes = []reflect.Type{
	reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[int16](), reflect.TypeFor[int32](), reflect.TypeFor[int64](),
	reflect.TypeFor[uint](), reflect.TypeFor[uint8](), reflect.TypeFor[uint16](), reflect.TypeFor[uint32](), reflect.TypeFor[uint64](),
	reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[bool](), reflect.TypeFor[string](), reflect.TypeFor[planText](),
	reflect.TypeFor[time.Time](), reflect.TypeFor[time.Duration](), reflect.TypeFor[any](), reflect.TypeFor[*int](),
	reflect.TypeFor[[]int](), reflect.TypeFor[[]int64](), reflect.TypeFor[[]int16](), reflect.TypeFor[[]string](), reflect.TypeFor[[]any](),
	reflect.TypeFor[[]planText](), reflect.TypeFor[[]bool](), reflect.TypeFor[[2]int](), reflect.TypeFor[[]byte](), reflect.TypeFor[[][]string](),
	reflect.TypeFor[map[string]string](), reflect.TypeFor[map[string]any](), reflect.TypeFor[map[string]int](), reflect.TypeFor[map[int8]string](),
	reflect.TypeFor[map[any]any](), reflect.TypeFor[map[string]map[string]string](),
	reflect.TypeFor[planInner](), reflect.TypeFor[planStruct](), reflect.TypeFor[[]planStruct](), reflect.TypeFor[map[string]planStruct](), reflect.TypeFor[*planStruct](),
}

// planValue draws a sound payload: the shapes of planTypes, in every width, and others in
// their places.
func planValue(t *rapid.T, depth int) []byte {
	pick := rapid.IntRange(0, 15).Draw(t, "kind")
	if depth == 0 {
		pick = min(pick, 9)
	}
	wide := func(code byte, size int, n uint64) []byte {
		b := make([]byte, 9)
		b[0] = code
		binary.BigEndian.PutUint64(b[1:], n<<(64-8*size))
		return b[:1+size]
	}
	text := func() []byte {
		names := []string{"", "a", "n", "m", "s", "N", "S", "U", "F", "B", "T", "P", "List", "Texts", "Any", "E", "S2", "Q", "Ints", "planEmbedded"}
		s := rapid.SampledFrom(names).Draw(t, "text")
		switch rapid.IntRange(0, 6).Draw(t, "form of text") {
		case 0:
			return append(wide(0xd9, 1, uint64(len(s))), s...)
		case 1:
			return append(wide(0xda, 2, uint64(len(s))), s...)
		case 2:
			return append(wide(0xdb, 4, uint64(len(s))), s...)
		case 3:
			return wire.AppendBin(nil, []byte(s))
		}
		return wire.AppendStr(nil, s)
	}
	switch pick {
	case 0:
		return []byte{0xc0}
	case 1:
		return []byte{rapid.SampledFrom([]byte{0xc2, 0xc3}).Draw(t, "bool")}
	case 2:
		size := rapid.IntRange(0, 3).Draw(t, "width")
		return wide(0xcc+byte(size), 1<<size, rapid.Uint64().Draw(t, "n")>>rapid.IntRange(0, 63).Draw(t, "shift"))
	case 3:
		size := rapid.IntRange(0, 3).Draw(t, "width")
		return wide(0xd0+byte(size), 1<<size, uint64(rapid.Int64().Draw(t, "n")>>rapid.IntRange(0, 63).Draw(t, "shift")))
	case 4:
		return wire.AppendInt(nil, rapid.Int64Range(-200, 300).Draw(t, "n"))
	case 5:
		return wire.AppendFloat64(nil, math.Float64bits(rapid.SampledFrom([]float64{0, 1.5, -3, 1e300}).Draw(t, "f")))
	case 6:
		return wire.AppendFloat32(nil, math.Float32bits(1.5))
	case 7:
		e := encoder{}
		e.appendTime(time.Unix(rapid.SampledFrom([]int64{0, 5, 1 << 33, 1 << 35, -7, math.MaxInt64}).Draw(t, "s"), rapid.Int64Range(0, 1).Draw(t, "ns")))
		if rapid.Bool().Draw(t, "odd") {
			e.out[len(e.out)-1] ^= 1
			e.out[1] ^= rapid.SampledFrom([]byte{0, 1, 0xff}).Draw(t, "type")
			if Check(e.out) != nil {
				return []byte{0xd5, 0xff, 1, 2}
			}
		}
		return e.out
	case 8, 9:
		return text()
	case 10, 11, 12:
		n := rapid.IntRange(0, 3).Draw(t, "elements")
		b := rapid.SampledFrom([][]byte{{0x90 | byte(n)}, {0xdc, 0, byte(n)}, {0xdd, 0, 0, 0, byte(n)}}).Draw(t, "head")
		b = append([]byte{}, b...)
		for range n {
			b = append(b, planValue(t, depth-1)...)
		}
		return b
	}
	n := rapid.IntRange(0, 4).Draw(t, "pairs")
	b := append([]byte{}, rapid.SampledFrom([][]byte{{0x80 | byte(n)}, {0xde, 0, byte(n)}, {0xdf, 0, 0, 0, byte(n)}}).Draw(t, "head")...)
	for range n {
		if rapid.IntRange(0, 9).Draw(t, "key") == 0 {
			b = append(b, planValue(t, 0)...)
		} else {
			b = append(b, text()...)
		}
		b = append(b, planValue(t, depth-1)...)
	}
	return b
}

// TestPlansAgree: what a type's own function decodes is what the general one does, which a
// pointer to a pointer asks for, and their errors are the same. What is decoded is encoded
// alike, too.
func TestPlansAgree(t *testing.T) {
	decoded := 0
	rapid.Check(t, func(t *rapid.T) {
		b := planValue(t, 3)
		for _, typ := range planTypes {
			direct := reflect.New(typ)
			err := Unmarshal(b, direct.Interface())
			general := reflect.New(reflect.PointerTo(reflect.PointerTo(typ)))
			wrong := Unmarshal(b, general.Interface())
			if err != nil || wrong != nil {
				require.Error(t, err, "%x into %s", b, typ)
				require.Error(t, wrong, "%x into %s", b, typ)
				withoutPointers := strings.NewReplacer("*", "").Replace // a message after a panic has the type of the whole
				require.Equal(t, withoutPointers(wrong.Error()), withoutPointers(err.Error()), "%x into %s", b, typ)
				continue
			}
			decoded++
			got := direct.Elem()
			want := reflect.Zero(typ)
			if p := general.Elem(); !p.IsNil() {
				want = p.Elem().Elem()
			}
			require.True(t, reflect.DeepEqual(want.Interface(), got.Interface()), "%x into %s: %+v, not %+v", b, typ, got, want)

			out, err := Marshal(got.Interface())
			require.NoError(t, err)
			inPointers := reflect.New(reflect.PointerTo(typ))
			inPointers.Elem().Set(direct)
			same, err := Marshal(inPointers.Interface())
			require.NoError(t, err)
			require.Equal(t, same, out, "%s", typ)
			require.NoError(t, Check(out))
		}
	})
	require.NotZero(t, decoded)
}

// TestManyFields has more fields than the sets of decodeStruct and encodeStruct hold without
// an allocation.
func TestManyFields(t *testing.T) {
	for _, n := range []int{63, 64, 65, 256, 257, 300} {
		var list []reflect.StructField
		for i := range n {
			list = append(list, reflect.StructField{
				Name: fmt.Sprint("F", i), Type: reflect.TypeFor[int](), Tag: `msgpack:",omitempty"`,
			})
		}
		typ := reflect.StructOf(list)
		in := reflect.New(typ).Elem()
		want := map[string]int{}
		for i := range n {
			if i%3 != 1 {
				in.Field(i).SetInt(int64(i + 1))
				want[list[i].Name] = i + 1
			}
		}
		b, err := Marshal(in.Interface())
		require.NoError(t, err)
		var got map[string]int
		require.NoError(t, Unmarshal(b, &got))
		require.Equal(t, want, got)
		out := reflect.New(typ)
		require.NoError(t, Unmarshal(b, out.Interface()))
		require.Equal(t, in.Interface(), out.Elem().Interface())

		// The last name twice, at the end.
		name := wire.AppendStr(nil, list[n-1].Name)
		twice := append(wire.AppendMap(nil, 2), name...)
		twice = append(append(append(twice, 1), name...), 2)
		require.ErrorIs(t, Unmarshal(twice, reflect.New(typ).Interface()), errTwice)
	}
}

// TestFieldsInAnyOrder: fields are found wherever they are, and unknown ones are skipped.
func TestFieldsInAnyOrder(t *testing.T) {
	type row struct{ A, B, C, D int }
	for _, order := range []string{"ABCD", "DCBA", "BADC", "xAxBxCxD", "ACxBD", "DABC"} {
		b := wire.AppendMap(nil, len(order))
		for i, c := range order {
			b = append(wire.AppendStr(b, string(c)), byte(i))
		}
		var got row
		require.NoError(t, Unmarshal(b, &got))
		require.Equal(t, row{strings.Index(order, "A"), strings.Index(order, "B"), strings.Index(order, "C"), strings.Index(order, "D")}, got, order)
	}
}

// TestNamesThatMeanAnother: an alias takes the name of the field before, which is not found by it then.
func TestNamesThatMeanAnother(t *testing.T) {
	type row struct {
		A int
		B int `msgpack:"b,alias:A"`
	}
	var direct row
	var general **row
	b := []byte("\x82\xa1A\x01\xa1C\x02")
	require.NoError(t, Unmarshal(b, &direct))
	require.NoError(t, Unmarshal(b, &general))
	require.Equal(t, row{B: 1}, direct)
	require.Equal(t, direct, **general)
}

// TestMapValuesAreNew: a value of a map has nothing of the pair before it.
func TestMapValuesAreNew(t *testing.T) {
	var m map[int]struct{ A, B int }
	require.NoError(t, Unmarshal([]byte("\x82\x01\x82\xa1A\x05\xa1B\x06\x02\x81\xa1B\x07"), &m))
	require.Equal(t, map[int]struct{ A, B int }{1: {5, 6}, 2: {0, 7}}, m)
}

// TestTypesThatContainThemselves are decoded and encoded by many goroutines, of which
// several may be the first.
func TestTypesThatContainThemselves(t *testing.T) {
	type tree struct {
		N    int
		Next *tree
		Kids map[string][]tree
	}
	in := tree{1, &tree{N: 2}, map[string][]tree{"a": {{N: 3}, {N: 4, Next: &tree{N: 5}}}}}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 50 {
				b, err := Marshal(in)
				var out tree
				if err == nil {
					err = Unmarshal(b, &out)
				}
				if err != nil || !reflect.DeepEqual(in, out) {
					t.Errorf("%v, %+v", err, out)
				}
			}
		})
	}
	wait.Wait()
}

// TestMarshalDepth: each type counts a level, up to the same bound.
func TestMarshalDepth(t *testing.T) {
	type slice []slice
	type texts map[string]string
	type keyed map[int8]keyed
	type row struct{ Next any }
	for name, wrap := range map[string]func(any) any{
		"slice":        func(v any) any { return []any{v} },
		"struct":       func(v any) any { return row{v} },
		"map":          func(v any) any { return map[string]any{"k": v} },
		"map of bool":  func(v any) any { return map[bool]any{true: v} },
		"array":        func(v any) any { return [1]any{v} },
		"pointer":      func(v any) any { return &row{v} },
		"named, empty": func(v any) any { return []any{v} },
	} {
		for _, last := range []any{1, slice{}, slice(nil), texts{"k": "v"}, map[string]string(nil), map[string]any{}, []any{}, keyed{}, row{}, [1]int{}} {
			depth := 0
			if last != 1 {
				depth = 1
			}
			v := last
			for ; depth < MaxDepth; depth++ {
				v = wrap(v)
			}
			_, err := Marshal(v)
			require.NoError(t, err, "%s of %T", name, last)
			_, err = Marshal(wrap(v))
			require.ErrorIs(t, err, ErrTooDeep, "%s of %T", name, last)
		}
	}
}

// TestMarshalKeepsNothing: what Marshal returned is not changed by later calls, small or
// large, or failed ones.
func TestMarshalKeepsNothing(t *testing.T) {
	var all [][]byte
	value := func(i int) any {
		return map[string]any{"n": i, "text": strings.Repeat("x", i*i*40%200_000), "m": map[string]string{"k": fmt.Sprint(i)}}
	}
	for i := range 60 {
		b, err := Marshal(value(i))
		require.NoError(t, err)
		all = append(all, b)
		_, err = Marshal([]any{value(i), map[string]any{"a": 1, "z": make(chan int)}})
		require.ErrorIs(t, err, ErrType)
	}
	for i, b := range all {
		again, err := Marshal(value(i))
		require.NoError(t, err)
		require.Equal(t, again, b)
	}
}

// TestAllocations: Marshal allocates its result, and Unmarshal what the value holds.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("pools drop what they hold under the race detector")
	}
	order := benchValues()["order"].(benchOrder)
	for _, c := range []struct {
		value             any
		marshal, into     any
		encoded, decoding float64
	}{
		{value: &benchSmall{259, 7, "transfer"}, into: new(benchSmall), encoded: 1, decoding: 1},
		{value: &struct{ N []int }{make([]int, 50)}, into: new(struct{ N []int }), encoded: 1, decoding: 1},
		{value: &order, into: new(benchOrder), encoded: 1, decoding: 26},
		{value: map[string]string{"a": "1", "b": "2"}, into: new(map[string]string), encoded: 1, decoding: 6},
		{value: &order.Placed, into: new(time.Time), encoded: 1, decoding: 0},
	} {
		b, err := Marshal(c.value)
		require.NoError(t, err)
		require.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, _ = Marshal(c.value) }), c.encoded, "%T", c.value)
		into := reflect.ValueOf(c.into).Elem()
		require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
			into.SetZero()
			if err := Unmarshal(b, c.into); err != nil {
				t.Fatal(err)
			}
		}), c.decoding, "%T", c.value)
	}
}
