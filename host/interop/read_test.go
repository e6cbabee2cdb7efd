package interop_test

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/interop"
	"github.com/thawlog/thaw/host/payload"
)

// ends are the ways a session of batpak ends.
var ends = []struct {
	name string
	o    interop.WriteOptions
}{
	{"clean", interop.WriteOptions{}},
	{"unclean", interop.WriteOptions{Unclean: true}},
	{"no-index", interop.WriteOptions{NoIndex: true}},
}

// TestThawReadsBatpak holds thaw's reader against what batpak acknowledged, all
// of it, and then against what batpak itself reads from its store, except where
// that is known to be wrong.
func TestThawReadsBatpak(t *testing.T) {
	p := peer(t)
	for _, end := range ends {
		for _, segmentMax := range []uint64{2000, 64 << 20} {
			for seed := range uint64(20) {
				t.Run(fmt.Sprintf("%s/%d/seed %d", end.name, segmentMax, seed), func(t *testing.T) {
					t.Parallel()
					dir := filepath.Join(t.TempDir(), "store")
					o := end.o
					o.Seed, o.Steps, o.SegmentMax, o.ClockUS = seed, 40, segmentMax, clockUS
					receipts, err := p.Write(t.Context(), dir, o)
					require.NoError(t, err)
					requireRead(t, dir, receipts)
					requireDump(t, receipts, lines(t, p, dir), o)
				})
			}
		}
	}
}

// requireRead checks that thaw reads exactly the acknowledged events, with
// nothing to complain of.
func requireRead(t *testing.T, dir string, receipts []interop.Receipt) {
	r, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{CheckFrames: true})
	require.NoError(t, err)
	defer r.Close()
	report := r.Report()
	require.Empty(t, report.Damages)
	require.Empty(t, report.Rejected)
	require.Empty(t, report.Unfinished)
	require.Nil(t, report.Torn)

	want := slices.SortedStableFunc(slices.Values(receipts), func(a, b interop.Receipt) int {
		return cmp.Compare(a.Sequence, b.Sequence)
	})
	i := 0
	for e, err := range r.Query(t.Context(), host.Region{}, host.Page{}) {
		require.NoError(t, err)
		require.Less(t, i, len(want), "an event that was never acknowledged: %v", e)
		require.Empty(t, want[i].ReadError)
		require.Equal(t, want[i].Sequence, e.Sequence)
		full, err := r.Read(t.Context(), e)
		require.NoError(t, err)
		requireFacts(t, want[i].Facts, facts(t, &full))
		require.Equal(t, e.EventHash, full.ContentHash)
		byID, err := r.Get(t.Context(), e.ID)
		require.NoError(t, err)
		require.Equal(t, full, byID)
		i++
	}
	require.Len(t, want, i, "an acknowledged event is missing")
}

// facts spells thaw's event as batpak-peer does.
func facts(t *testing.T, e *event.Full) interop.Facts {
	text, err := payload.AppendJSON(nil, e.Payload)
	require.NoError(t, err)
	f := interop.Facts{
		EventID: e.ID.String(), CorrelationID: e.Correlation.String(), Entity: e.Entity, Scope: e.Scope,
		Kind: "0x" + strings.ToUpper(fmt.Sprintf("%04x", uint16(e.Kind))), Clock: e.Clock, WallMS: e.WallMS,
		PrevHash: e.PrevHash.String(), EventHash: e.EventHash.String(),
		Segment: e.Position.Segment, Offset: e.Position.Offset, Length: e.Position.Length,
		Flags: e.Flags, TimestampUS: e.TimestampUS, Payload: text,
	}
	if !e.Causation.IsZero() {
		f.CausationID = e.Causation.String()
	}
	return f
}

// requireFacts compares everything, payloads by value.
func requireFacts(t *testing.T, want, got interop.Facts) {
	if !same(t, want.Payload, got.Payload) {
		require.JSONEq(t, string(want.Payload), string(got.Payload))
	}
	want.Payload, got.Payload = nil, nil
	require.Equal(t, want, got)
}
