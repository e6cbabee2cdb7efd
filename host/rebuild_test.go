package host_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/host"
)

// TestRebuildIsBatpaks makes the index of every store that batpak closed in order
// anew, from its segments: the bytes are batpak's. It differs where batpak itself
// numbers wrongly and where its artifact is older than its segments.
func TestRebuildIsBatpaks(t *testing.T) {
	for _, name := range fixtureNames(t) {
		t.Run(name, func(t *testing.T) {
			files := fixture(t, name)
			want, ok := files[artifact.FileName]
			if !ok {
				t.Skip("batpak left no index")
			}
			p := inMemory(t)
			p.put(t, files)
			report, err := host.Rebuild(context.Background(), p.dir, host.RebuildOptions{Options: host.Options{FS: p.fs}})
			require.NoError(t, err)
			require.Empty(t, report.Rejected)
			got := p.read(t, artifact.FileName)
			if name == "tail" || name == "compacted-tail" { // an older artifact
				require.Greater(t, len(got), len(want))
				return
			}
			require.Equal(t, want, got)
		})
	}
}
