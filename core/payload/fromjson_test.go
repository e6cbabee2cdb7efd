package payload

import (
	"bytes"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/msgpack"
)

// TestParseJSONLenient: forms that AppendJSON does not write and people do.
func TestParseJSONLenient(t *testing.T) {
	for text, want := range map[string]string{
		" \t\r\n[ 1 , 2 ] \n":                 "920102",
		`{ "a" : 1 , "b" : { } }`:             "82a16101a16280",
		`-0`:                                  "00",
		`-0.0`:                                "cb8000000000000000",
		`1E2`:                                 "cb4059000000000000",
		`1.50`:                                "cb3ff8000000000000",
		`0e-400`:                              "cb0000000000000000",
		`-0.000e999999999999999999999`:        "cb8000000000000000",
		`{"$ref":1}`:                          "81a42472656601",
		`[{"$":1}]`:                           "9181a12401",
		`{"$Bin":"AA=="}`:                     "81a42442696ea441413d3d",
		`{"$set":{"$bin":"AA=="}}`:            "81a424736574c40100",
		`9007199254740993`:                    "cf0020000000000001",
		`"\u0041\/\uD83D\uDE80\u00e9"`:        "a8412ff09f9a80c3a9",
		`"\u0000"`:                            "a100",
		`{"\u0024bin":"AA=="}`:                "c40100",
		`{"$bin" : "\u0041A=="}`:              "c40100",
		`{"$map": []}`:                        "80",
		`{"$map": [ [ "a" , 1 ] ] }`:          "81a16101",
		`{"$str":"YQ=="}`:                     "a161",
		`{"$f32":1}`:                          "ca3f800000",
		`{"$f32":16777216.0}`:                 "ca4b800000",
		`{"$ext": [ -1 , "AAAAAA==" ] }`:      "d6ff00000000",
		`{"a":1,"$bin":2}`:                    "82a16101a42462696e02",
		`{"$bin":1,"$map":2}`:                 "82a42462696e01a4246d617002",
		`{"$a":"]}\"\\","b":[{"c":"[{"}]}`:    "82a22461a45d7d225ca16291" + "81a163a25b7b",
		`[{"$a":-1.5e3,"b":null},true,false]`: "9382a22461cbc097700000000000a162c0c3c2",
	} {
		got, err := ParseJSON(nil, []byte(text))
		require.NoError(t, err, text)
		require.Equal(t, want, hex.EncodeToString(got), text)
	}
}

func TestParseJSONRefuses(t *testing.T) {
	for _, c := range []struct {
		text   string
		class  error
		offset int
	}{
		{``, ErrTruncated, 0},
		{`  `, ErrTruncated, 2},
		{`[`, ErrTruncated, 1},
		{`[1`, ErrTruncated, 2},
		{`[1,`, ErrTruncated, 3},
		{`{"a"`, ErrTruncated, 4},
		{`{"a":`, ErrTruncated, 5},
		{`"abc`, ErrTruncated, 4},
		{`"abc\`, ErrTruncated, 5},
		{`nul`, ErrTruncated, 3},
		{`-`, ErrTruncated, 1},
		{`1.`, ErrTruncated, 2},
		{`1e+`, ErrTruncated, 3},
		{`{"$bin":"AA=="`, ErrTruncated, 14},
		{`{"$map":[[1,2]`, ErrTruncated, 14},

		{`1 2`, ErrTrailing, 2},
		{`nulll`, ErrTrailing, 4},
		{`[]]`, ErrTrailing, 2},

		{`nope`, ErrMalformed, 1},
		{`x`, ErrMalformed, 0},
		{`NaN`, ErrMalformed, 0},
		{`+1`, ErrMalformed, 0},
		{`.5`, ErrMalformed, 0},
		{`01`, ErrMalformed, 0},
		{`-01`, ErrMalformed, 1},
		{`1.e5`, ErrMalformed, 2},
		{`[1 2]`, ErrMalformed, 3},
		{`[1,]`, ErrMalformed, 3},
		{`[,1]`, ErrMalformed, 1},
		{`[1}`, ErrMalformed, 2},
		{`{1:2}`, ErrMalformed, 1},
		{`{"a":1,}`, ErrMalformed, 7},
		{`{"a" 1}`, ErrMalformed, 5},
		{`{a:1}`, ErrMalformed, 1},
		{"\"a\nb\"", ErrMalformed, 2},
		{`"a\x"`, ErrMalformed, 2},
		{`"a\u12"`, ErrMalformed, 2},
		{`"\u12g4"`, ErrMalformed, 1},
		{`"a\ud800"`, ErrMalformed, 2},
		{`"\ud800x"`, ErrMalformed, 1},
		{`"\ud800\u0041"`, ErrMalformed, 1},
		{`"\udc00\ud800"`, ErrMalformed, 1},
		{"\"ab\xff\"", ErrMalformed, 3},
		{"\"\xed\xa0\x80\"", ErrMalformed, 1},
		{"\ufeff1", ErrMalformed, 0},
		{`/**/1`, ErrMalformed, 0},

		{`18446744073709551616`, ErrRange, 0},
		{`[-9223372036854775809]`, ErrRange, 1},
		{`100000000000000000000000000000000`, ErrRange, 0},
		{`1e400`, ErrRange, 0},
		{`-1e400`, ErrRange, 0},
		{`{"$f32":1e39}`, ErrRange, 8},

		{`1e-400`, ErrInexact, 0},
		{`-1e-99999999999999999999`, ErrInexact, 0},
		{`[0.1234567890123456789]`, ErrInexact, 1},
		{`4e-324`, ErrInexact, 0},
		{`9007199254740993.0`, ErrInexact, 0},
		{`9007199254740993e0`, ErrInexact, 0},
		{`0.` + strings.Repeat("9", 17), ErrInexact, 0},
		{`0.` + strings.Repeat("9", 2000), ErrInexact, 0},
		{`{"$f32":16777217}`, ErrInexact, 8},
		{`{"$f32":16777217.0}`, ErrInexact, 8},
		{`{"$f32":0.1234567890}`, ErrInexact, 8},

		{`{"a":1,"a":2}`, ErrDuplicateKey, 0},
		{`[{"a":1,"b":3,"\u0061":2}]`, ErrDuplicateKey, 1},
		{`{"$bin":"","$bin":""}`, ErrDuplicateKey, 0},
		{`{"x":{"a":1},"y":{"a":1},"x":0}`, ErrDuplicateKey, 0},

		{`[{"$raw":"AA=="}]`, ErrMalformed, 1},
		{`{"$bin":1}`, ErrMalformed, 8},
		{`{"$bin":"A"}`, ErrMalformed, 8},
		{`{"$bin":"AA"}`, ErrMalformed, 8},
		{`{"$bin":"AB=="}`, ErrMalformed, 8},
		{`{"$bin":"A\nA=="}`, ErrMalformed, 8},
		{`{"$bin":"AAEC\n"}`, ErrMalformed, 8},
		{`{"$bin":"_-8="}`, ErrMalformed, 8},
		{`{"$float":1.5}`, ErrMalformed, 10},
		{`{"$float":"nan"}`, ErrMalformed, 10},
		{`{"$float":"NaN:7FF8000000000001"}`, ErrMalformed, 10},
		{`{"$float":"NaN:7ff0000000000000"}`, ErrMalformed, 10},
		{`{"$float":"NaN:1"}`, ErrMalformed, 10},
		{`{"$f32":"NaN:7f800000"}`, ErrMalformed, 8},
		{`{"$f32":null}`, ErrMalformed, 8},
		{`{"$ext":[128,""]}`, ErrMalformed, 9},
		{`{"$ext":[1.0,""]}`, ErrMalformed, 9},
		{`{"$ext":["1",""]}`, ErrMalformed, 9},
		{`{"$ext":[1]}`, ErrMalformed, 10},
		{`{"$ext":[1,"",2]}`, ErrMalformed, 13},
		{`{"$map":1}`, ErrMalformed, 8},
		{`{"$map":[1]}`, ErrMalformed, 9},
		{`{"$map":[[1]]}`, ErrMalformed, 11},
		{`{"$map":[[1,2,3]]}`, ErrMalformed, 13},
		{`{"$map":{}}`, ErrMalformed, 8},
	} {
		got, err := ParseJSON([]byte("x"), []byte(c.text))
		require.ErrorIs(t, err, c.class, c.text)
		var e *Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, c.offset, e.Offset, "%s: %v", c.text, err)
		require.Equal(t, "x", string(got))
	}
}

func TestParseJSONSaysWhat(t *testing.T) {
	for text, want := range map[string]string{
		`[{"a":1,"a":2}]`:       `payload: duplicate key at byte 1: the object that begins here has "a" twice`,
		`{"$raw":"wQ=="}`:       `payload: malformed at byte 0: {"$raw":…} stands for bytes that are not MessagePack; a map with this key is {"$map":[["$raw",…]]}`,
		`{"$bin":1}`:            `payload: malformed at byte 8: expected "; a map with this key is {"$map":[["$bin",…]]}`,
		`{"$map":[[1]]}`:        `payload: malformed at byte 11: expected ,`,
		`0.1234567890123456789`: `payload: number would be rounded at byte 0: a float 64 makes it 0.12345678901234568; write that, or a string, which keeps its digits`,
		`{"$f32":0.1234567890}`: `payload: number would be rounded at byte 8: a float 32 makes it 0.12345679; write that, or a string, which keeps its digits`,
		`-9223372036854775809`:  `payload: number out of range at byte 0: below the smallest int64, -9223372036854775808; a string keeps its digits`,
		`1e400`:                 `payload: number out of range at byte 0: too large for a float 64; a string keeps its digits`,
		`"a\udc00"`:             `payload: malformed at byte 2: \udc00 is half of a surrogate pair, which is no character`,
		`"\u12g4"`:              `payload: malformed at byte 1: expected four hexadecimal digits after \u`,
	} {
		_, err := ParseJSON(nil, []byte(text))
		require.EqualError(t, err, want, text)
	}
}

// TestFloatsKeepTheirDecimal: a decimal is valid when the float keeps it, in
// the fewest digits, in 17, or in all that the float has; one digit off is not.
func TestFloatsKeepTheirDecimal(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 7))
	floats := []float64{0.1, 1e23, 5e-324, math.MaxFloat64, 1 << 53, 1.5, 1e15, 2.2250738585072014e-308}
	for e := -1074; e < 1024; e++ { // below a power of two floats are twice as dense
		floats = append(floats, math.Ldexp(1, e))
	}
	for len(floats) < 3000 {
		if f := math.Float64frombits(rng.Uint64()); !math.IsNaN(f) && !math.IsInf(f, 0) {
			floats = append(floats, f)
		}
	}
	for i, f := range floats {
		want := msgpack.AppendFloat64(nil, math.Float64bits(f))
		for _, digits := range []int{-1, 16, 17, 20, 766} {
			if digits == 766 && i%20 != 0 {
				continue // it takes long
			}
			text := strconv.AppendFloat(nil, f, 'e', digits, 64)
			got, err := ParseJSON(nil, text)
			require.NoError(t, err, "%s", text)
			require.Equal(t, want, got, "%s", text)
			if digits >= 20 { // the next decimal of as many digits is another number
				e := bytes.IndexByte(text, 'e')
				text[e-1] = '1' + (text[e-1]-'0')%9
				_, err = ParseJSON(nil, text)
				require.ErrorIs(t, err, ErrInexact, "%s", text)
			}
		}
	}
	// Up to 15 digits every decimal of ordinary size is one.
	for range 5000 {
		text := strconv.FormatFloat(float64(rng.Uint64N(1e15))/1e5, 'f', 5, 64)
		_, err := ParseJSON(nil, []byte(text))
		require.NoError(t, err, text)
	}
}
