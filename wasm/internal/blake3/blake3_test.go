package blake3

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	library "github.com/zeebo/blake3"
)

// input returns the input of the official vectors: 0 to 250, repeated.
func input(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i % 251)
	}
	return b
}

// TestVectors checks the BLAKE3 team's official vectors, of which the testdata keeps the
// first 32 bytes of the plain hash.
func TestVectors(t *testing.T) {
	file, err := os.ReadFile("testdata/vectors.json")
	require.NoError(t, err)
	var vectors []struct {
		Length int    `json:"input_len"`
		Hash   string `json:"hash"`
	}
	require.NoError(t, json.Unmarshal(file, &vectors))
	require.Len(t, vectors, 22)
	for _, v := range vectors {
		got := Sum256(input(v.Length))
		require.Equal(t, v.Hash, hex.EncodeToString(got[:]), v.Length)
	}
}

// TestAgrees compares with the library used by the host.
func TestAgrees(t *testing.T) {
	b := input(300 << 10)
	for n := 0; n < len(b); n += 1 + n/7 {
		require.Equal(t, library.Sum256(b[:n]), Sum256(b[:n]), n)
	}
}

func TestAllocatesNothing(t *testing.T) {
	b := input(70_000)
	require.Zero(t, testing.AllocsPerRun(10, func() { Sum256(b) }))
}

func BenchmarkSum256(b *testing.B) {
	for _, n := range []int{100, 1024, 16 << 10} {
		in := input(n)
		b.Run(map[int]string{100: "100", 1024: "1KiB", 16 << 10: "16KiB"}[n], func(b *testing.B) {
			b.SetBytes(int64(n))
			for b.Loop() {
				Sum256(in)
			}
		})
	}
}
