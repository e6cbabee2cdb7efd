package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/kindnames"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/wasm/internal/blake3"
)

func hash(b []byte) event.Hash { return blake3.Sum256(b) }

func opened(t *testing.T) (directory.Memory, *store.Snapshot) {
	files, err := makeStore()
	require.NoError(t, err)
	s, err := store.Open(directory.Memory(files), store.Options{Seed: 1, Hash: hash})
	require.NoError(t, err)
	return files, s
}

func TestSameBytes(t *testing.T) {
	one, err := makeStore()
	require.NoError(t, err)
	two, err := makeStore()
	require.NoError(t, err)
	require.Equal(t, one, two)
}

// TestDamage: one event is damaged, and verification names it and nothing else.
func TestDamage(t *testing.T) {
	files, s := opened(t)
	report := s.Report()
	require.Empty(t, report.Damages, "the index stands in for the damaged event's frame")
	require.Empty(t, report.Rejected)
	require.Equal(t, store.FromIndex, report.OpenedFrom)
	require.NotZero(t, report.TailEvents)
	require.Equal(t, segments, report.Segments)
	found, err := verify.Run(files, verify.Options{Hash: hash})
	require.NoError(t, err)
	require.Len(t, found.Damages, 1)
	require.Equal(t, damage.Checksum, found.Damages[0].Reason)
	require.Len(t, found.Damages[0].Events, 1)
	require.Equal(t, hurt, found.Damages[0].Events[0].ID)
	require.Empty(t, found.Notes)
	require.Positive(t, found.Batches)
	_, err = s.ReadID(hurt)
	var d *damage.Damage
	require.ErrorAs(t, err, &d)
	unread := 0
	for e, err := range s.Query(query.Region{}, query.Page{}) {
		require.NoError(t, err)
		if _, err := s.Read(e); err != nil {
			unread++
		}
	}
	require.Equal(t, 1, unread)
}

// TestStory: there is what the package comment promises.
func TestStory(t *testing.T) {
	files, s := opened(t)
	report := s.Report()
	require.InDelta(t, 400, float64(report.Events), 60)

	names, err := kindnames.Decode(files[kindnames.FileName])
	require.NoError(t, err)
	require.Len(t, names, 8)
	kinds := 0
	for k, err := range s.Kinds() {
		require.NoError(t, err)
		require.NotEmpty(t, names[k.Kind])
		kinds++
	}
	require.Equal(t, 8, kinds)

	talks, effects, balance, meta := map[event.ID]int{}, map[event.ID]int{}, 0, 0
	deepest := 0
	for e, err := range s.Query(query.Region{}, query.Page{}) {
		require.NoError(t, err)
		talks[e.Correlation]++
		effects[e.Causation]++
		depth := 0
		for _, err := range s.Ancestors(e.ID, 0) {
			require.NoError(t, err)
			depth++
		}
		deepest = max(deepest, depth)
		if e.Entity == "account:shop:eu" {
			balance++
		}
		if full, err := s.Read(e); err == nil && full.Meta != (event.Meta{}) {
			meta++
		}
	}
	delete(effects, event.ID{})
	require.Equal(t, 60, slices.Max(slices.Collect(maps.Values(talks))), "one conversation has 60 events")
	require.GreaterOrEqual(t, slices.Max(slices.Collect(maps.Values(effects))), largeParcels, "the payment of the large order sends all parcels")
	require.GreaterOrEqual(t, deepest, 6)
	require.Greater(t, balance, 30)
	require.Greater(t, meta, 50)
	t.Logf("%d events, depth %d, %d bookings, %d with metadata", report.Events, deepest, balance, meta)
}

// TestSize: the page carries the store.
func TestSize(t *testing.T) {
	files, _ := opened(t)
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	require.NoError(t, err)
	total := 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		_ = binary.Write(zip, binary.LittleEndian, uint32(len(files[name])))
		_, err := zip.Write(files[name])
		require.NoError(t, err)
		total += len(files[name])
	}
	require.NoError(t, zip.Close())
	t.Logf("%d bytes, %d with gzip", total, out.Len())
	require.Less(t, out.Len(), 100_000)
}

func TestRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	require.NoError(t, run(dir))
	files, _ := opened(t)
	written := directory.Memory{}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		written[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
	}
	require.Equal(t, files, written)
	require.ErrorContains(t, run(dir), "is not empty")
	require.ErrorContains(t, run(""), "usage")
}
