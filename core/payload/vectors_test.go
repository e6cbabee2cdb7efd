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
