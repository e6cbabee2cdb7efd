package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/host"
)

// TestPartOfTheSameName writes a part file in the place of a damaged one of the same
// name that could not be removed: it is not one of the old parts that go then.
func TestPartOfTheSameName(t *testing.T) {
	mem, p, events := withParts(t)
	parts := partNames(mem.Files(storeDir))
	last := parts[len(parts)-1]
	b := mem.Files(storeDir)[last]
	b[10] ^= 1
	p.put(t, map[string][]byte{last: b})

	stuck := failfs.New(mem)
	stuck.Fail(failfs.Rule{Kinds: failfs.Remove, Pattern: last})
	o := p.small()
	o.FS = stuck
	s := place{stuck, storeDir}.openFlushing(t, true, o)
	require.NoError(t, s.Close())
	require.True(t, s.CloseReport().IndexWritten)
	require.Equal(t, parts, partNames(mem.Files(storeDir)))
	require.NotEqual(t, b, mem.Files(storeDir)[last])
	require.Zero(t, tail(t, p))
	require.Len(t, all(t, p.open(t, host.ReaderOptions{})), events)
}

// TestReadsWhatWasRecovered reads events of a segment that was put right, after its
// file was closed: the name leads to another file than the one the open looked at.
func TestReadsWhatWasRecovered(t *testing.T) {
	p := onDisk(t)
	o := host.Options{SegmentSize: 1500, OpenSegments: 1}
	rs := appendSome(t, p.openStore(t, o), "e", 7)
	copied := onDisk(t)
	newest := rs[6].Position.Segment
	names := []string{"synced.thaw"}
	for id := uint64(1); id <= newest; id++ {
		names = append(names, segment.Name(id))
	}
	require.Greater(t, newest, uint64(1))
	for _, name := range names {
		copied.put(t, map[string][]byte{name: p.read(t, name)})
	}
	s := copied.openStore(t, o)
	require.NotNil(t, s.Report().Recovered)
	require.Equal(t, segment.Name(newest), s.Report().Recovered.File)
	for range 2 {
		for _, r := range rs {
			full, err := s.Get(t.Context(), r.ID)
			require.NoError(t, err)
			require.Equal(t, r.Position, full.Position)
		}
	}
	require.Empty(t, s.Report().Damages)
}
