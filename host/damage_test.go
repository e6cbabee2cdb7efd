package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// TestDamagedStore flips a bit in an older segment. The store opens and says so,
// each time; appends go on with new numbers; no index hides the damage until it
// is asked for.
func TestDamagedStore(t *testing.T) {
	mem := crashfs.New()
	p := place{mem, storeDir}
	s := p.openStore(t, host.Options{SegmentSize: 1})
	before := appendSome(t, s, "e", 5)
	require.NoError(t, s.Close())
	p.remove(t, indexName)
	seg := p.read(t, "000002.fbat")
	seg[before[1].Position.End()-1] ^= 1
	p.put(t, map[string][]byte{"000002.fbat": seg})

	_, err := host.Open(t.Context(), p.dir, host.Options{FS: p.fs, Strict: true, Logger: quiet})
	require.ErrorIs(t, err, damage.Checksum)
	next := s.Committed()
	for round := range 3 {
		s = p.openStore(t, host.Options{})
		require.NotEmpty(t, s.Report().Damages)
		require.Equal(t, "000002.fbat", s.Report().Damages[0].File)
		require.Len(t, all(t, s), 4+2*round)
		for _, r := range appendSome(t, s, "e", 2) {
			require.Equal(t, next, r.Sequence, "no number is given out twice")
			next++
		}
		require.NoError(t, s.Close())
		require.ErrorIs(t, s.CloseReport().IndexError, damage.Checksum)
		require.NotContains(t, mem.Files(p.dir), indexName)
	}
	o := host.Options{FS: p.fs, Logger: quiet}
	report, err := host.Rebuild(t.Context(), p.dir, host.RebuildOptions{Options: o})
	require.ErrorIs(t, err, damage.Checksum)
	require.NotEmpty(t, report.Damages)
	require.NotContains(t, mem.Files(p.dir), indexName)
	_, err = host.Rebuild(t.Context(), p.dir, host.RebuildOptions{Options: o, AcceptDamage: true})
	require.NoError(t, err)
	s = p.openStore(t, host.Options{})
	require.Empty(t, s.Report().Damages)
	require.Len(t, all(t, s), 10)
	require.Equal(t, next, s.Committed())
}
