package host_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
)

// openIn lists what this process has open below a directory, as the system names it.
func openIn(t *testing.T, dir string) (names []string) {
	links, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	for _, l := range links {
		if name, err := os.Readlink(filepath.Join("/proc/self/fd", l.Name())); err == nil && strings.HasPrefix(name, dir) {
			names = append(names, name)
		}
	}
	return names
}

// mappedIn lists what this process has mapped below a directory.
func mappedIn(t *testing.T, dir string) (lines []string) {
	b, err := os.ReadFile("/proc/self/maps")
	require.NoError(t, err)
	for l := range strings.Lines(string(b)) {
		if strings.Contains(l, dir) {
			lines = append(lines, strings.TrimSpace(l))
		}
	}
	return lines
}

// TestFlushesCloseFiles writes an index some hundred times. The files that are open
// are those of the last one; what was replaced is closed, and so its room is given
// back, as soon as no snapshot reads it.
func TestFlushesCloseFiles(t *testing.T) {
	p := onDisk(t)
	o := p.small()
	o.OpenSegments, o.Durability = 4, host.LoseUnsynced
	s := p.openFlushing(t, true, o)
	removed := func() (names []string) {
		for _, name := range append(openIn(t, p.dir), mappedIn(t, p.dir)...) {
			if strings.HasSuffix(name, " (deleted)") {
				names = append(names, name)
			}
		}
		return names
	}
	most := 0
	for n := range 40 {
		appendSome(t, s, "e", 20)
		all(t, s)
		for range 3 {
			for _, e := range all(t, s)[n*20:] {
				_, err := s.Read(t.Context(), e)
				require.NoError(t, err)
			}
		}
		require.Empty(t, removed())
		most = max(most, len(openIn(t, p.dir)))
	}
	parts := 0
	entries, err := os.ReadDir(p.dir)
	require.NoError(t, err)
	for _, e := range entries {
		if ofIndex(e.Name()) {
			parts++
		}
	}
	// The lock, synced.thaw twice, the active segment, those that are read, and the
	// index, of which there are a few parts more at times.
	require.Less(t, most, 4+4+parts+8)

	pin, err := s.Snapshot()
	require.NoError(t, err)
	appendSome(t, s, "e", 2000)
	require.NotEmpty(t, removed(), "a snapshot keeps what it reads")
	require.Len(t, all(t, pin), 800)
	require.NoError(t, pin.Close())
	require.Empty(t, removed())
	require.NoError(t, s.Close())
	require.Empty(t, openIn(t, p.dir))
	require.Empty(t, mappedIn(t, p.dir))
	require.Len(t, all(t, p.open(t, host.ReaderOptions{})), 2800)
}
