package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/host"
)

// TestPartOfTheSameName replaces a damaged part file that could not be removed by a new one of
// the same name: the new one must not be removed with the old parts.
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

// TestReadsWhatWasRecovered reads events of a repaired segment after its file was closed: the
// name now leads to another file than during the open.
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

	// A compaction of other segments does not make it another file than the one recovered.
	before, err := s.Snapshot()
	require.NoError(t, err)
	defer before.Close()
	_, err = before.Get(t.Context(), rs[0].ID) // so that the newest is not open
	require.NoError(t, err)
	c, err := s.Compact(t.Context(), host.Compaction{OnlyChanged: true, Judge: func(e event.Event) host.Verdict {
		if e.Sequence == 0 {
			return host.DropEvent
		}
		return host.KeepEvent
	}})
	require.NoError(t, err)
	require.Equal(t, 1, c.Replaced)
	full, err := before.Get(t.Context(), rs[6].ID)
	require.NoError(t, err)
	require.Equal(t, rs[6].Position, full.Position)
}
