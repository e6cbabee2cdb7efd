package plugin

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
)

// TestOutOfMemory: with a bound that is too small, a query fails with the bound in its error.
func TestOutOfMemory(t *testing.T) {
	skipShort(t)
	wasm := wasmOf(t)
	dir := copyStore(t, "rotated")
	o := cached(Options{})
	if o.NoCache {
		o = Options{CacheDir: t.TempDir()}
	}
	questions := map[string]func(ctx context.Context, p *Plugin) error{
		"verify": func(ctx context.Context, p *Plugin) error {
			v, err := p.Verify(ctx, dir, ReaderOptions{}, nil)
			if err == nil {
				require.True(t, v.Sound())
			}
			return err
		},
		"query": func(ctx context.Context, p *Plugin) error {
			r, err := p.OpenReader(ctx, dir, ReaderOptions{})
			if err != nil {
				return err
			}
			defer r.Close()
			for _, err := range r.Query(ctx, host.Region{}, host.Page{}) {
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
	for name, question := range questions {
		failed, answered := 0, 0
		for _, memory := range []uint64{4 << 20, 64 << 20} {
			o.Memory = memory
			p, err := Load(t.Context(), wasm, o)
			require.NoError(t, err)
			switch err := question(t.Context(), p); {
			case err == nil:
				answered++
			default:
				failed++
				require.ErrorIs(t, err, ErrMemory, "%s in %d: %v", name, memory, err)
				var why *MemoryError
				require.ErrorAs(t, err, &why)
				require.Equal(t, memory, why.Limit)
			}
			require.NoError(t, p.Close())
		}
		t.Logf("%s: %d of the bounds too small, %d large enough", name, failed, answered)
		require.Positive(t, failed, name)
		require.Positive(t, answered, name)
	}
}
