package payload

import (
	"encoding/hex"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/msgpack"
)

// unhex turns "81 a1 61 01" into bytes.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

// allocated returns the bytes that f allocates, freed or not.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// generator makes random canonical payloads, with a taste for the cases that are easy to get wrong.
type generator struct{ *rand.Rand }

func (g generator) value(dst []byte, depth int) []byte {
	n := 11
	if depth > 0 {
		n = 14
	}
	switch g.IntN(n) {
	case 0:
		return msgpack.AppendNil(dst)
	case 1:
		return msgpack.AppendBool(dst, g.IntN(2) == 0)
	case 2, 3:
		return msgpack.AppendInt(dst, int64(g.Uint64())>>g.IntN(64))
	case 4:
		return msgpack.AppendUint(dst, g.Uint64()>>g.IntN(64))
	case 5:
		return msgpack.AppendFloat32(dst, g.float32())
	case 6:
		return msgpack.AppendFloat64(dst, g.float64())
	case 7, 8:
		return msgpack.AppendStr(dst, g.text())
	case 9:
		return msgpack.AppendBin(dst, g.bytes(g.length()))
	case 10:
		return msgpack.AppendExt(dst, int8(g.IntN(256)-128), g.bytes(g.length()))
	case 11:
		k := g.count()
		dst = msgpack.AppendArray(dst, k)
		for range k {
			dst = g.value(dst, depth-1)
		}
		return dst
	}
	return g.mapping(dst, depth-1)
}

func (g generator) mapping(dst []byte, depth int) []byte {
	n := g.count()
	dst = msgpack.AppendMap(dst, n)
	for i := range n {
		switch g.IntN(12) {
		case 0:
			dst = g.value(dst, depth)
		case 1:
			dst = msgpack.AppendStr(dst, []string{"$bin", "$map", "$ext", "$f32", "$float", "$str", "$", "$ref", "$raw"}[g.IntN(9)])
		case 2:
			dst = msgpack.AppendStr(dst, "same")
		default:
			dst = msgpack.AppendStr(dst, "k"+strings.Repeat("x", i))
		}
		dst = g.value(dst, depth)
	}
	return dst
}

func (g generator) count() int {
	if g.IntN(30) == 0 {
		return 14 + g.IntN(5)
	}
	return g.IntN(5)
}

func (g generator) length() int {
	edges := [...]int{0, 1, 2, 3, 4, 5, 8, 9, 15, 16, 17, 31, 32, 33, 255, 256}
	if g.IntN(200) == 0 {
		return 65535 + g.IntN(2)
	}
	return edges[g.IntN(len(edges))]
}

func (g generator) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.Uint32())
	}
	return b
}

func (g generator) text() []byte {
	if g.IntN(6) == 0 {
		return g.bytes(g.length()) // seldom UTF-8
	}
	runes := []rune("ab$\"\\/\b\f\n\r\t\x00\x1f\x7fé東\u2028\u2029\ufffd🚀<>&")
	var s []rune
	for range g.length() % 40 {
		s = append(s, runes[g.IntN(len(runes))])
	}
	return []byte(string(s))
}

func (g generator) float32() uint32 {
	special := [...]uint32{0, 1 << 31, 1, nan32, nan32 | 1, 0xffc00000, 0x7f800001, 0x7f800000, 0xff800000, 0x7f7fffff}
	switch g.IntN(3) {
	case 0:
		return special[g.IntN(len(special))]
	case 1:
		return math.Float32bits(float32(g.IntN(1000)))
	}
	return g.Uint32()
}

func (g generator) float64() uint64 {
	special := [...]uint64{0, 1 << 63, 1, nan64, nan64 | 1, 0xfff8000000000000, 0x7ff0000000000001, 0x7ff0000000000000, 0xfff0000000000000,
		math.Float64bits(1e16), math.Float64bits(9999999999999998), math.Float64bits(1e-4), math.Float64bits(1e-5), math.Float64bits(1e300)}
	switch g.IntN(3) {
	case 0:
		return special[g.IntN(len(special))]
	case 1:
		return math.Float64bits(float64(g.IntN(1000)) / 4)
	}
	return g.Uint64()
}
