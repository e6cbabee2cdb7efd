package interop_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/interop"
)

// turn is one session of TestTurns.
type turn struct {
	batpak bool
	end    string
}

// TestTurns lets either side go on behind any end of the other's sessions and its
// own, with small segments too, so batpak also opens what an unclean stop of
// thaw's left, which it numbers from 0 (D1), and its own batches that went over a
// rotation (D19). Every acknowledged event must be there for thaw, in the order
// of the log, with its content.
//
// While batpak has not opened a store behind an unclean stop, the numbers must
// hold too, and all of thaw's at once when they are given out. Behind that the
// same is not asked for as in TestThawReadsManySessions, for the same reasons.
func TestTurns(t *testing.T) {
	p := peer(t)
	for _, segmentMax := range []uint64{2000, 64 << 20} {
		for seed := range seeds(t, 15) {
			t.Run(fmt.Sprintf("%d/seed %d", segmentMax, seed), func(t *testing.T) {
				t.Parallel()
				g := &turns{t: t, p: p, dir: filepath.Join(t.TempDir(), "store"), segmentMax: segmentMax, trusted: true}
				random := rand.New(rand.NewPCG(seed, 12))
				for session := range int64(5) {
					turn := turn{random.IntN(2) == 0, []string{"clean", "unclean", "no-index"}[random.IntN(3)]}
					if !g.take(turn, seed*10+uint64(session), clockUS+session*2_000_000_000) {
						break
					}
				}
				g.check()
			})
		}
	}
}

type turns struct {
	t          *testing.T
	p          *interop.Program
	dir        string
	segmentMax uint64
	receipts   []interop.Receipt
	// open: the last session was stopped, and thaw has not put that right.
	open bool
	// trusted: batpak has not gone on behind such a stop. sure counts the receipts
	// up to there.
	trusted bool
	sure    int
}

// take makes one session and reports whether there can be another one.
func (g *turns) take(turn turn, seed uint64, us int64) bool {
	var more []interop.Receipt
	var err error
	if turn.batpak {
		g.trusted = g.trusted && !g.open
		more, err = g.p.Write(g.t.Context(), g.dir, interop.WriteOptions{
			Seed: seed, Steps: 10, SegmentMax: g.segmentMax, ClockUS: us,
			Unclean: turn.end == "unclean", NoIndex: turn.end == "no-index",
		})
		if err != nil {
			// D39: a key is not found again when its event has a hidden number.
			require.False(g.t, g.trusted)
			require.ErrorContains(g.t, err, "key ")
		}
		g.open = turn.end == "unclean"
	} else {
		s := openThaw(g.t, g.dir, seed, g.segmentMax, us)
		for _, e := range s.steps(10) {
			more = append(more, interop.Receipt{Facts: e.facts, Sequence: e.sequence})
		}
		stopped := copyStore(g.t, g.dir)
		require.NoError(g.t, s.Close())
		require.NoError(g.t, s.CloseReport().IndexError)
		g.open = turn.end == "unclean"
		switch turn.end {
		case "unclean":
			g.dir = stopped
		case "no-index":
			removeIndexes(g.t, g.dir)
		}
	}
	g.receipts = append(g.receipts, more...)
	if g.trusted {
		g.sure = len(g.receipts)
	}
	g.t.Logf("batpak %v, %s: %d events; trusted %v", turn.batpak, turn.end, len(more), g.trusted)
	return err == nil
}

func removeIndexes(t *testing.T, dir string) {
	for _, name := range []string{artifact.FileName, checkpoint.FileName} {
		require.NoError(t, os.RemoveAll(filepath.Join(dir, name)))
	}
}

func (g *turns) check() {
	missing := requireAcknowledged(g.t, g.dir, g.receipts, g.sure)
	if len(missing) > 0 { // an index of batpak's left them out (D19, D39)
		require.False(g.t, g.trusted)
		result, err := host.Verify(g.t.Context(), g.dir, host.ReaderOptions{}, nil)
		require.NoError(g.t, err)
		require.False(g.t, result.Sound())
		removeIndexes(g.t, g.dir)
		require.Empty(g.t, requireAcknowledged(g.t, g.dir, g.receipts, g.sure))
	}
	if !g.trusted {
		return
	}
	g.visible()

	// Put right by thaw, with an index of its own, batpak reads the same too,
	// whatever its own footers say.
	_, err := host.Rebuild(g.t.Context(), g.dir, host.RebuildOptions{Options: host.Options{Logger: slog.New(slog.DiscardHandler)}})
	require.NoError(g.t, err)
	requireBothButD19(g.t, g.p, g.dir, appendReceipts(g.t, nil, g.receipts))
}

// requireBothButD19 is requireBoth, but for the footer of the segment that the index
// ends in, which batpak looks into for what is behind the index. Where a batch went
// over the rotation, it lists items under the offsets they have in the segment
// before (D19), and those that are not in front of the index's end batpak takes for
// new ones. What it then shows is foretold exactly.
func requireBothButD19(t *testing.T, p *interop.Program, dir string, want []truth) {
	f := walk(t, dir)
	w := f.watermark(t)
	if w.segment == 0 || !slices.Contains(f.wrongFooters(watermark{}), segment.Name(w.segment)) {
		requireBoth(t, p, dir, want)
		return
	}
	silent := slog.New(slog.DiscardHandler)
	shown, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{CheckFrames: true, Logger: silent})
	require.NoError(t, err)
	defer shown.Close()
	got := events(t, shown)
	require.Len(t, got, len(want))
	for i := range got {
		require.Equal(t, want[i].sequence, got[i].sequence)
		requireFacts(t, want[i].facts, got[i].facts)
	}
	all, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{ShowHidden: true, Logger: silent})
	require.NoError(t, err)
	defer all.Close()
	requireDump(t, f.asBatpak(w, events(t, all), nil), shown.Report().HiddenRanges, lines(t, p, dir))
}

// visible checks that what readers see is what was acknowledged and nothing else.
func (g *turns) visible() {
	var want, got []string
	for _, r := range g.receipts {
		want = append(want, r.EventID)
	}
	for _, e := range recordsShown(g.t, g.dir) {
		got = append(got, e.facts.EventID)
	}
	slices.Sort(want)
	slices.Sort(got)
	require.Equal(g.t, want, got)
}
