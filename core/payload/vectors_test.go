package payload

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/msgpack"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestVectors keeps testdata/vectors.tsv: payloads and their lines, or for bytes that are no
// payload "!" and the offset of the error. The inspector writes the same lines in JavaScript; its
// tests read this file.
func TestVectors(t *testing.T) {
	const file = "testdata/vectors.tsv"
	want := vectors(t)
	if *update {
		require.NoError(t, os.WriteFile(file, want, 0o644))
	}
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got), "%s is not what this package writes", file)
	require.Greater(t, bytes.Count(got, []byte("\n")), 1000)
}

func vectors(t *testing.T) []byte {
	var payloads [][]byte
	for _, s := range spellings {
		payloads = append(payloads, unhex(t, s.hex))
	}
	for _, c := range checkCases {
		if b := unhex(t, c.hex); len(b) < 200 {
			payloads = append(payloads, b)
		}
	}
	for _, r := range "\x1f\x7f\u0080\u009f\u00a0\u061b\u061c\u061d\u200d\u200e\u200f\u2010\u2027\u2028\u2029\u202a\u202e\u202f\u2065\u2066\u2069\u206a\ufeff" {
		payloads = append(payloads, msgpack.AppendStr(nil, []byte(string(r))))
	}
	// Where the form of a float changes, and where the fewest digits are hard to find: next to powers of two and ten.
	for exp := -149; exp < 128; exp += 3 {
		for _, d := range []uint32{0, 1, ^uint32(0)} {
			payloads = append(payloads, msgpack.AppendFloat32(nil, math.Float32bits(float32(math.Ldexp(1, exp)))+d))
		}
	}
	for exp := -45; exp < 39; exp += 3 {
		payloads = append(payloads, msgpack.AppendFloat32(nil, math.Float32bits(float32(math.Pow10(exp)))))
	}
	for exp := -323; exp < 308; exp += 9 {
		payloads = append(payloads, msgpack.AppendFloat64(nil, math.Float64bits(math.Pow10(exp))), msgpack.AppendFloat64(nil, math.Float64bits(math.Pow10(exp))+1))
	}
	for seed := range uint64(1200) {
		g := generator{rand.New(rand.NewPCG(seed, 14))}
		if b := g.value(nil, 4); len(b) < 120 {
			payloads = append(payloads, b)
			if len(b) > 1 {
				broken := bytes.Clone(b)
				broken[g.IntN(len(b))] ^= 1 << g.IntN(8)
				payloads = append(payloads, broken[:len(b)-g.IntN(2)])
			}
		}
	}
	var out []byte
	for _, b := range payloads {
		out = append(hex.AppendEncode(out, b), '\t')
		line, err := AppendJSON(nil, b)
		var e *Error
		if errors.As(err, &e) {
			line = strconv.AppendInt([]byte("!"), int64(e.Offset), 10)
		}
		out = append(append(out, line...), '\n')
	}
	return out
}
