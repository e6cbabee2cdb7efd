package payload

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
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
		`1e-400`:                              "cb0000000000000000",
		`9007199254740993`:                    "cf0020000000000001",
		`"\u0041\/\uD83D\uDE80\u00e9"`:        "a8412ff09f9a80c3a9",
		`"\u0000"`:                            "a100",
		`{"\u0024bin":"AA=="}`:                "c40100",
		`{"$bin" : "\u0041A=="}`:              "c40100",
		`{"$map": []}`:                        "80",
		`{"$map": [ [ "a" , 1 ] ] }`:          "81a16101",
		`{"$str":"YQ=="}`:                     "a161",
		`{"$f32":1}`:                          "ca3f800000",
		`{"$f32":16777217.0}`:                 "ca4b800000",
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

		{`{"a":1,"a":2}`, ErrDuplicateKey, 0},
		{`[{"a":1,"b":3,"\u0061":2}]`, ErrDuplicateKey, 1},
		{`{"$bin":"","$bin":""}`, ErrDuplicateKey, 0},
		{`{"x":{"a":1},"y":{"a":1},"x":0}`, ErrDuplicateKey, 0},

		{`{"$ref":1}`, ErrMalformed, 0},
		{`[{"$":1}]`, ErrMalformed, 1},
		{`{"$Bin":"AA=="}`, ErrMalformed, 0},
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
	_, err := ParseJSON(nil, []byte(`{"$ref":1}`))
	require.EqualError(t, err, `payload: malformed at byte 0: unknown spelling "$ref"; a map with that key is {"$map":[[key,value]]}`)
	_, err = ParseJSON(nil, []byte(`[{"a":1,"a":2}]`))
	require.EqualError(t, err, `payload: duplicate key at byte 1: the object that begins here has "a" twice`)
}
