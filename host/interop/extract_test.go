package interop_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/extract"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/host"
)

// extracted writes an extract of the store in dir to another directory.
func extracted(t *testing.T, dir string, region query.Region, segmentSize uint64) string {
	files := directory.Memory{}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		files[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
	}
	s, err := store.Open(files, store.Options{})
	require.NoError(t, err)
	out := directory.Memory{}
	_, err = extract.Run(files, s, s.Query(region, query.Page{}), extract.Options{SegmentSize: segmentSize}, func(file uint32, b []byte) error {
		name := segment.Name(uint64(file))
		out[name] = append(out[name], b...)
		return nil
	})
	require.NoError(t, err)
	to := filepath.Join(t.TempDir(), "extract")
	require.NoError(t, os.Mkdir(to, 0o700))
	for name, b := range out {
		require.NoError(t, os.WriteFile(filepath.Join(to, name), b, 0o600))
	}
	return to
}

// moved sets the positions of events, the only facts that an extract changes.
func moved(t *testing.T, dir string, want []truth) {
	r, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer r.Close()
	got := events(t, r)
	require.Len(t, got, len(want))
	for i := range want {
		want[i].facts.Segment, want[i].facts.Offset = got[i].facts.Segment, got[i].facts.Offset
	}
}

// TestExtracts: thaw and batpak read an extract alike, and go on appending to it in turns.
func TestExtracts(t *testing.T) {
	p := peer(t)
	for name, region := range map[string]query.Region{
		"all": {}, "entity": {Entity: "entity:002"}, "scope": {Scope: "tenant:a"}, "kind": {Kinds: event.Only(0x1ABC)},
		"clocks": {Clocks: query.ClocksBetween(1, 3)}, "none": {Entity: "nobody"},
	} {
		for seed := range seeds(t, 3) {
			t.Run(fmt.Sprintf("%s/seed %d", name, seed), func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(t.TempDir(), "store")
				s := openThaw(t, dir, seed, 5000, clockUS)
				var want []truth
				for _, one := range s.steps(40) {
					full, err := s.Get(t.Context(), one.id)
					require.NoError(t, err)
					if region.Has(&full.Event) {
						want = append(want, one)
					}
				}
				require.NoError(t, s.Close())
				to := extracted(t, dir, region, 4000)
				moved(t, to, want)
				requireBoth(t, p, to, want)
				found, err := host.Verify(t.Context(), to, host.ReaderOptions{}, nil)
				require.NoError(t, err)
				require.Empty(t, found.Damages)

				s = openThaw(t, to, seed+1, 5000, clockUS+1_000_000_000)
				want = append(want, s.steps(10)...)
				require.NoError(t, s.Close())
				requireBoth(t, p, to, want)
				found, err = host.Verify(t.Context(), to, host.ReaderOptions{}, nil)
				require.NoError(t, err)
				require.Empty(t, found.Damages)
			})
		}
	}
}
