package interop_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host/interop"
)

// clockUS is the time of batpak's clock at the start of a store.
const clockUS = 1_790_000_000_000_000

// peer builds batpak-peer, or skips the test if it cannot be built.
func peer(t testing.TB) *interop.Program {
	p, err := interop.Peer(t.Context())
	if errors.Is(err, interop.ErrNoCargo) || errors.Is(err, interop.ErrNoCrate) {
		t.Skipf("thaw is not compared with batpak: %v", err)
	}
	require.NoError(t, err)
	return p
}

// lines returns batpak's view of a store, payloads included.
func lines(t testing.TB, p *interop.Program, dir string) []interop.Line {
	out, err := p.DumpPayloads(t.Context(), dir)
	require.NoError(t, err)
	all, err := interop.ParseDump(out)
	require.NoError(t, err)
	return all
}

// TestPeer checks the peer against itself: what it acknowledged is in its dump.
func TestPeer(t *testing.T) {
	p := peer(t)
	for seed := range uint64(3) {
		t.Run("seed "+strconv.FormatUint(seed, 10), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "store")
			receipts, err := p.Write(t.Context(), dir, interop.WriteOptions{Seed: seed, Steps: 50, ClockUS: clockUS})
			require.NoError(t, err)
			require.NotEmpty(t, receipts)
			dump := lines(t, p, dir)
			require.Len(t, dump, len(receipts))
			for i, r := range receipts {
				require.Empty(t, r.ReadError)
				require.Empty(t, dump[i].PayloadError)
				require.Equal(t, r.Facts, dump[i].Facts)
				require.Equal(t, r.Sequence, dump[i].Sequence)
			}
		})
	}
}

// TestFixtures checks that the peer prints what the fixtures' author printed.
// compacted-tail is left out: batpak numbers it wrongly (D1).
func TestFixtures(t *testing.T) {
	p := peer(t)
	fixtures := filepath.FromSlash("../../core/internal/fixture/testdata")
	for _, name := range []string{
		"batch", "compacted", "empty", "fences", "kinds", "options", "payloads", "rotated", "strings", "tail", "torn-batch",
	} {
		dir := t.TempDir()
		require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(fixtures, name, "store"))))
		expected, err := os.ReadFile(filepath.Join(fixtures, name, "expected.jsonl"))
		require.NoError(t, err)
		out, err := p.Dump(t.Context(), dir)
		require.NoError(t, err)
		require.Equal(t, string(expected), string(out), name)
	}
}

// TestErrors checks that the peer's errors arrive with their text.
func TestErrors(t *testing.T) {
	p := peer(t)
	_, err := p.Dump(t.Context(), filepath.Join(t.TempDir(), "none"))
	require.ErrorContains(t, err, "is not a directory")
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = p.Write(t.Context(), file, interop.WriteOptions{})
	require.Error(t, err)
}
