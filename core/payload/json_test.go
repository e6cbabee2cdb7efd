package payload

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/msgpack"
)

// spellings are canonical payloads and their one line; both directions are tested.
var spellings = []struct{ hex, json string }{
	{"c0", `null`},
	{"c2", `false`},
	{"c3", `true`},
	{"00", `0`},
	{"7f", `127`},
	{"ff", `-1`},
	{"e0", `-32`},
	{"d0 df", `-33`},
	{"cc 80", `128`},
	{"cd 0100", `256`},
	{"ce 00010000", `65536`},
	{"cf 0000000100000000", `4294967296`},
	{"cf ffffffffffffffff", `18446744073709551615`},
	{"d1 ff7f", `-129`},
	{"d2 ffff7fff", `-32769`},
	{"d3 ffffffff7fffffff", `-2147483649`},
	{"d3 8000000000000000", `-9223372036854775808`},
	{"cb 0000000000000000", `0.0`},
	{"cb 8000000000000000", `-0.0`},
	{"cb 3ff0000000000000", `1.0`},
	{"cb 3ff8000000000000", `1.5`},
	{"cb 3fb999999999999a", `0.1`},
	{"cb 46293e5939a08cea", `1e+30`},
	{"cb 4341c37937e08000", `1e+16`},
	{"cb 4341c37937e07fff", `9999999999999998.0`},
	{"cb 3f1a36e2eb1c432d", `0.0001`},
	{"cb 3ee4f8b588e368f1", `1e-05`},
	{"cb 4340000000000000", `9007199254740992.0`},
	{"cb 7fefffffffffffff", `1.7976931348623157e+308`},
	{"cb 0000000000000001", `5e-324`},
	{"cb 7ff8000000000000", `{"$float":"NaN"}`},
	{"cb 7ff8000000000001", `{"$float":"NaN:7ff8000000000001"}`},
	{"cb fff8000000000000", `{"$float":"NaN:fff8000000000000"}`},
	{"cb 7ff0000000000000", `{"$float":"Infinity"}`},
	{"cb fff0000000000000", `{"$float":"-Infinity"}`},
	{"ca 3fc00000", `{"$f32":1.5}`},
	{"ca 3dcccccd", `{"$f32":0.1}`},
	{"ca 80000000", `{"$f32":-0.0}`},
	{"ca 7f7fffff", `{"$f32":3.4028235e+38}`},
	{"ca 00000001", `{"$f32":1e-45}`},
	{"ca 7fc00000", `{"$f32":"NaN"}`},
	{"ca 7f800001", `{"$f32":"NaN:7f800001"}`},
	{"ca 7f800000", `{"$f32":"Infinity"}`},
	{"ca ff800000", `{"$f32":"-Infinity"}`},
	{"a0", `""`},
	{"a1 22", `"\""`},
	{"a1 5c", `"\\"`},
	{"a1 2f", `"/"`},
	{"a5 08 0c 0a 0d 09", `"\b\f\n\r\t"`},
	{"a4 00 0b 1f 7f", `"\u0000\u000b\u001f\u007f"`},
	{"a3 3c263e", `"<&>"`},
	{"a6 e280a8 e280a9", `"\u2028\u2029"`},
	{"a3 efbfbd", "\"\ufffd\""},
	{"a4 f09f9a80", `"🚀"`},
	{"a1 ff", `{"$str":"/w=="}`},
	{"a3 eda080", `{"$str":"7aCA"}`},
	{"c4 00", `{"$bin":""}`},
	{"c4 03 000102", `{"$bin":"AAEC"}`},
	{"d6 ff 00000000", `{"$ext":[-1,"AAAAAA=="]}`},
	{"c7 00 05", `{"$ext":[5,""]}`},
	{"c7 03 80 fbffbf", `{"$ext":[-128,"+/+/"]}`},
	{"90", `[]`},
	{"93 01 92 a161 c0 90", `[1,["a",null],[]]`},
	{"80", `{}`},
	{"82 a162 01 a161 92 c0 c3", `{"b":1,"a":[null,true]}`},
	{"81 a0 00", `{"":0}`},
	{"81 01 a178", `{"$map":[[1,"x"]]}`},
	{"82 a161 01 a161 02", `{"$map":[["a",1],["a",2]]}`},
	{"83 a161 01 a162 03 a161 01", `{"$map":[["a",1],["b",3],["a",1]]}`},
	{"81 a1ff 00", `{"$map":[[{"$str":"/w=="},0]]}`},
	{"81 80 90", `{"$map":[[{},[]]]}`},
	{"81 a124 00", `{"$":0}`},
	{"81 a424726177 c0", `{"$map":[["$raw",null]]}`},
	{"81 a424736574 81 a46e616d65 a3416461", `{"$set":{"name":"Ada"}}`},
	{"81 a4246f6964 81 a42462696e c0", `{"$oid":{"$map":[["$bin",null]]}}`},
	{"81 a4246d6170 90", `{"$map":[["$map",[]]]}`},
	{"81 a42462696e a3414141", `{"$map":[["$bin","AAA"]]}`},
	{"81 a424726566 81 a4246d6170 c0", `{"$ref":{"$map":[["$map",null]]}}`},
	{"82 a42462696e a0 a178 00", `{"$bin":"","x":0}`},
	{"82 a4246d6170 91 92 01 02 a178 00", `{"$map":[[1,2]],"x":0}`},
	{"81 a178 81 a3246162 c0", `{"x":{"$ab":null}}`},
	{"92 81 01 02 81 a161 81 c0 c0", `[{"$map":[[1,2]]},{"a":{"$map":[[null,null]]}}]`},
	{"81 a2c2a3 01", `{"£":1}`},
}

func TestSpellings(t *testing.T) {
	for _, s := range spellings {
		b := unhex(t, s.hex)
		got, err := AppendJSON([]byte("before "), b)
		require.NoError(t, err, s.hex)
		require.Equal(t, "before "+s.json, string(got))
		back, err := ParseJSON([]byte{0xc1}, []byte(s.json))
		require.NoError(t, err, s.json)
		require.Equal(t, append([]byte{0xc1}, b...), back, s.json)
	}
}

// TestFixtures compares with what batpak stored and Python prints (json.dumps with ensure_ascii=False).
func TestFixtures(t *testing.T) {
	file, err := os.ReadFile("testdata/fixtures.tsv")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSuffix(string(file), "\n"), "\n")
	require.Greater(t, len(lines), 100)
	// The one payload of the fixtures that is not in the file for its size: 70,000 letters.
	lines = append(lines, "db00011170"+strings.Repeat("7a", 70_000)+"\t\""+strings.Repeat("z", 70_000)+"\"")
	for _, line := range lines {
		code, want, _ := strings.Cut(line, "\t")
		b := unhex(t, code)
		got, err := AppendJSON(nil, b)
		require.NoError(t, err, code)
		require.Equal(t, want, string(got))
		back, err := ParseJSON(nil, got)
		require.NoError(t, err, want)
		require.Equal(t, code, hex.EncodeToString(back))
	}
}

func TestWideFormsBecomeCanonical(t *testing.T) {
	for wide, small := range map[string]string{
		"d3 0000000000000005":        "05",
		"cf 0000000000000005":        "05",
		"d1 00ff":                    "cc ff",
		"d3 ffffffffffffffff":        "ff",
		"db 00000001 61":             "a1 61",
		"c6 00000001 61":             "c4 01 61",
		"c7 01 05 00":                "d4 05 00",
		"dd 00000001 c0":             "91 c0",
		"df 00000001 d9 01 61 d0 05": "81 a1 61 05",
	} {
		text, err := AppendJSON(nil, unhex(t, wide))
		require.NoError(t, err)
		b, err := ParseJSON(nil, text)
		require.NoError(t, err)
		require.Equal(t, unhex(t, small), b, wide)
	}
	// Keys are duplicates by their text, not by their form.
	text, err := AppendJSON(nil, unhex(t, "82 a161 01 d90161 02"))
	require.NoError(t, err)
	require.Equal(t, `{"$map":[["a",1],["a",2]]}`, string(text))
}

// TestRoundTrip: canonical bytes come back, byte for byte, through one line of valid JSON, and no two of them share one.
func TestRoundTrip(t *testing.T) {
	seen := map[string]string{}
	for seed := range uint64(8_000) {
		g := generator{rand.New(rand.NewPCG(seed, 7))}
		b := g.value(nil, 5)
		text, err := AppendJSON(nil, b)
		require.NoError(t, err, "seed %d", seed)
		require.True(t, json.Valid(text), "seed %d: %s", seed, text)
		require.NotContains(t, string(text), "\n", "seed %d", seed)
		require.LessOrEqual(t, len(text), 8*len(b)+8, "seed %d: %s", seed, text)
		back, err := ParseJSON(nil, text)
		require.NoError(t, err, "seed %d: %s", seed, text)
		if !bytes.Equal(b, back) {
			t.Fatalf("seed %d:\n%x\n%s\n%x", seed, b, text, back)
		}
		if before, ok := seen[string(text)]; ok {
			require.Equal(t, before, string(b), "seed %d: two payloads share %s", seed, text)
		}
		seen[string(text)] = string(b)
	}
}

func TestLongContainers(t *testing.T) {
	for _, n := range []int{15, 16, 17, 255, 256, 65535, 65536} {
		array, mapping := msgpack.AppendArray(nil, n), msgpack.AppendMap(nil, n)
		for i := range n {
			array = msgpack.AppendInt(array, int64(i))
			mapping = msgpack.AppendInt(msgpack.AppendStr(mapping, strings.Repeat("k", i%40)+hex.EncodeToString([]byte{byte(i >> 16), byte(i >> 8), byte(i)})), int64(i))
		}
		pairs := append([]byte{0x82, 0x00}, append(append([]byte{}, array...), append([]byte{0xa1, 0x78}, mapping...)...)...)
		for _, b := range [][]byte{array, mapping, pairs} {
			text, err := AppendJSON(nil, b)
			require.NoError(t, err)
			back, err := ParseJSON(nil, text)
			require.NoError(t, err)
			require.True(t, bytes.Equal(b, back), n)
		}
	}
}

func TestJSONDepth(t *testing.T) {
	for _, b := range [][]byte{
		nested(MaxDepth, 0xc0),
		nested(MaxDepth-1, 0x80),
		append(bytes.Repeat([]byte{0x81, 0x00}, MaxDepth), 0xc4, 0x00), // $map at every level, $bin below
		append(bytes.Repeat([]byte{0x81}, MaxDepth), bytes.Repeat([]byte{0xc0}, MaxDepth+1)...),
	} {
		text, err := AppendJSON(nil, b)
		require.NoError(t, err)
		back, err := ParseJSON(nil, text)
		require.NoError(t, err)
		require.Equal(t, b, back)
	}
	for _, text := range []string{
		strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1),
		strings.Repeat(`{"a":`, MaxDepth) + "[]" + strings.Repeat("}", MaxDepth),
		strings.Repeat(`{"$map":[[0,`, MaxDepth+1) + "0" + strings.Repeat("]]}", MaxDepth+1),
		strings.Repeat("[", 100_000),
		strings.Repeat(`{"$map":[[`, 100_000),
		strings.Repeat(`{"a":`, 100_000),
	} {
		_, err := ParseJSON(nil, []byte(text))
		require.ErrorIs(t, err, ErrTooDeep, "%.40s", text)
	}
}

func TestAppendJSONChecksFirst(t *testing.T) {
	for _, c := range checkCases {
		if c.class != nil {
			got, err := AppendJSON([]byte("x"), unhex(t, c.hex))
			require.ErrorIs(t, err, c.class, c.name)
			require.Equal(t, "x", string(got))
		}
	}
}

// TestAppendJSONMemory: neither nesting nor many or long keys make it allocate out of proportion.
func TestAppendJSONMemory(t *testing.T) {
	long := bytes.Repeat([]byte("k"), 1<<20)
	for name, b := range map[string][]byte{
		"pairs at every level": append(bytes.Repeat([]byte{0x81, 0x00}, MaxDepth), msgpack.AppendStr(nil, long)...),
		"maps at every level":  append(bytes.Repeat([]byte{0x81, 0xa1, 'a'}, MaxDepth), msgpack.AppendStr(nil, long)...),
		"equal long keys":      append([]byte{0xde, 0, 16}, bytes.Repeat(append(msgpack.AppendStr(nil, long[:1<<16]), 0xc0), 16)...),
		"many empty maps":      append(msgpack.AppendArray(nil, 1<<20), bytes.Repeat([]byte{0x80}, 1<<20)...),
		"many keys":            append(msgpack.AppendMap(nil, 1<<18), bytes.Repeat([]byte{0xa1, 'x', 0xc0}, 1<<18)...),
	} {
		got := allocated(func() {
			_, err := AppendJSON(nil, b)
			require.NoError(t, err)
		})
		require.Less(t, got, uint64(64*len(b)+64<<10), name)
	}
}
