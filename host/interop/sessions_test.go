package interop_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/interop"
)

// TestThawReadsManySessions makes batpak continue after its own unclean stops, which it handles wrongly:
// it assigns numbers again (D1), loses the items of batches that crossed a rotation (D19), and writes all
// that into its indexes. thaw must still show every acknowledged event with its content and its position
// in the order of the log.
//
// Not required after the first unclean stop:
//   - the acknowledged number, which an earlier event may have too (D1);
//   - visibility: cancelled fences hide numbers, and batpak may give a hidden one
//     to an event that it then acknowledges and does not find itself (D1);
//   - what an index of batpak's leaves out, and the numbers it then has for the
//     rest, as long as thaw reads it from the segments and verify tells (D19).
func TestThawReadsManySessions(t *testing.T) {
	p := peer(t)
	for _, segmentMax := range []uint64{2000, 64 << 20} {
		for seed := range seeds(t, 40) {
			t.Run(fmt.Sprintf("%d/seed %d", segmentMax, seed), func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(t.TempDir(), "store")
				receipts, sure := manySessions(t, p, dir, interop.WriteOptions{Seed: seed, Steps: 15, SegmentMax: segmentMax})

				missing := requireAcknowledged(t, dir, receipts, sure)
				if len(missing) == 0 {
					return
				}
				t.Logf("the index leaves out %d events", len(missing))
				result, err := host.Verify(t.Context(), dir, host.ReaderOptions{}, nil)
				require.NoError(t, err)
				require.True(t, slices.ContainsFunc(result.Damages, func(d *damage.Damage) bool {
					return d.File == "index.fbati" && slices.ContainsFunc(d.Events, func(e damage.Touched) bool {
						return e.ID.String() == missing[0]
					})
				}), "verify does not tell that %v are missing", missing)
				require.NoError(t, os.Remove(filepath.Join(dir, "index.fbati")))
				require.NoError(t, os.Remove(filepath.Join(dir, "index.ckpt")))
				require.Empty(t, requireAcknowledged(t, dir, receipts, sure))
			})
		}
	}
}

// manySessions writes four sessions that end in ways the seed picks. The first
// sure receipts are of sessions that began before any unclean stop.
func manySessions(t *testing.T, p *interop.Program, dir string, o interop.WriteOptions) (receipts []interop.Receipt, sure int) {
	seed, crashed := o.Seed, false
	for session := range uint64(4) {
		end := ends[seed/[]uint64{1, 3, 9, 27}[session]%3]
		o.Unclean, o.NoIndex = end.o.Unclean, end.o.NoIndex
		o.Seed, o.ClockUS = seed*10+session, clockUS+int64(session)*1_000_000_000
		more, err := p.Write(t.Context(), dir, o)
		receipts = append(receipts, more...)
		if !crashed {
			sure = len(receipts)
		}
		t.Logf("session %d ends %s after %d events", session, end.name, len(more))
		if err != nil && crashed {
			// D39: a key is not found again when its event has a hidden number.
			require.ErrorContains(t, err, "key ")
			break
		}
		require.NoError(t, err)
		crashed = crashed || o.Unclean
	}
	return receipts, sure
}

// requireAcknowledged checks that thaw reads the acknowledged events in the order
// in which they were, and returns the ids of those that it does not show.
func requireAcknowledged(t *testing.T, dir string, receipts []interop.Receipt, sure int) (missing []string) {
	r, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{
		CheckFrames: true, ShowHidden: true, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	defer r.Close()
	require.Empty(t, r.Report().Damages)
	require.Empty(t, r.Report().Unfinished)
	all := events(t, r)
	place := map[string]int{}
	for i, e := range slices.Backward(all) {
		place[e.facts.EventID] = i // the first of an id
	}
	var renumbered []string
	last := -1
	for i, receipt := range receipts {
		at, ok := place[receipt.EventID]
		if !ok {
			missing = append(missing, receipt.EventID)
			continue
		}
		require.Greater(t, at, last, "out of order")
		last = at
		if i < sure && receipt.Sequence != all[at].sequence {
			renumbered = append(renumbered, receipt.EventID)
		}
		if i < sure || receipt.ReadError == "" {
			requireFacts(t, receipt.Facts, all[at].facts)
		}
	}
	if len(missing) == 0 { // an index that omits events has renumbered later ones
		require.Empty(t, renumbered)
	}
	return missing
}
