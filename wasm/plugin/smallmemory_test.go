package plugin

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/wasm/internal/madestore"
)

// TestSmallMemory: a bound of 16 MiB is enough for scattered questions with a cache of 2 MiB,
// since the guest's runtime knows the bound and collects its garbage in time. Without
// GOMEMLIMIT the same questions need 24 MiB.
func TestSmallMemory(t *testing.T) {
	skipShort(t)
	o := cached(Options{Memory: 16 << 20, Instances: 1})
	if o.NoCache {
		o = Options{CacheDir: t.TempDir(), Memory: o.Memory, Instances: 1}
	}
	p, err := Load(t.Context(), wasmOf(t), o)
	require.NoError(t, err)
	defer p.Close()
	dir := t.TempDir()
	shape := madestore.Shape{Seed: 9, PerSegment: 8000, Indexed: 8, Entities: 900, Scopes: 7}
	for name, b := range madestore.New(t, shape) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	r, err := p.OpenReader(t.Context(), dir, ReaderOptions{Cache: 2})
	require.NoError(t, err)
	defer r.Close()
	names := 0
	for scope, err := range r.Scopes(t.Context(), "", host.NamePage{}) {
		require.NoError(t, err)
		names++
		n := uint64(0)
		for _, err := range r.ReadEach(t.Context(), r.Query(t.Context(), host.Region{Scope: scope.Name}, host.Page{})) {
			require.NoError(t, err)
			n++
		}
		require.Equal(t, scope.Events, n)
	}
	require.Positive(t, names)
}
