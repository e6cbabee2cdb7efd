package interop_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/host/interop"
)

// TestTornEnds cuts the newest segment of an unclean stop anywhere, as power loss
// does to what was not synced, lets thaw put the store right, and then has both
// read what is left: every event whose frame, and whose batch, is whole. Either
// side wrote the segment, behind a session that closed in order and left an index,
// or as the first.
func TestTornEnds(t *testing.T) {
	p := peer(t)
	for _, writer := range []string{"thaw", "batpak"} {
		for _, segmentMax := range []uint64{2000, 64 << 20} {
			for seed := range seeds(t, 4) {
				t.Run(fmt.Sprintf("%s/%d/seed %d", writer, segmentMax, seed), func(t *testing.T) {
					t.Parallel()
					dir := filepath.Join(t.TempDir(), "store")
					random := rand.New(rand.NewPCG(seed, 11))
					var all []truth
					if random.IntN(2) == 0 {
						// One segment: D19 would make batpak's index wrong.
						o := interop.WriteOptions{Seed: seed, Steps: 10, ClockUS: clockUS}
						all = appendReceipts(t, all, write(t, p, dir, o))
					}
					covered := newestSegment(t, dir)
					us := int64(clockUS + 1_000_000_000)
					if writer == "thaw" {
						s := openThaw(t, dir, seed, segmentMax, us)
						all = append(all, s.steps(25)...)
						stopped := copyStore(t, dir)
						require.NoError(t, s.Close())
						dir = stopped
					} else {
						o := interop.WriteOptions{Seed: seed + 100, Steps: 25, SegmentMax: segmentMax, ClockUS: us, Unclean: true}
						all = appendReceipts(t, all, write(t, p, dir, o))
					}
					newest := newestSegment(t, dir)
					require.Greater(t, newest, covered)
					path := filepath.Join(dir, segment.Name(newest))
					info, err := os.Stat(path)
					require.NoError(t, err)
					for cut := info.Size(); cut >= 0; cut -= 1 + random.Int64N(info.Size()/4+1) {
						requireTorn(t, p, dir, newest, cut, all)
					}
				})
			}
		}
	}
}

// requireTorn cuts the newest segment of a copy at a length.
func requireTorn(t *testing.T, p *interop.Program, dir string, newest uint64, cut int64, all []truth) {
	torn := copyStore(t, dir)
	require.NoError(t, os.Truncate(filepath.Join(torn, segment.Name(newest)), cut))
	// With synced.thaw, thaw would tell that what was on disk is gone.
	require.NoError(t, os.RemoveAll(filepath.Join(torn, synced.FileName)))
	var left []truth
	whole := committed(t, torn)
	for _, e := range all {
		if whole[e.id] {
			left = append(left, e)
		}
	}
	s := openThaw(t, torn, 0, 0, clockUS+5_000_000_000)
	report := s.Report()
	t.Logf("cut at %d: %d of %d events left: %+v, %+v", cut, len(left), len(all), report, report.Recovered)
	require.NoError(t, s.Close())
	requireBoth(t, p, torn, left)

	// The index must not be what keeps them.
	bare := copyStore(t, torn)
	removeIndexes(t, bare)
	got := recordsShown(t, bare)
	require.Len(t, got, len(left))
	for i := range got {
		require.Equal(t, left[i].sequence, got[i].sequence)
		requireFacts(t, left[i].facts, got[i].facts)
	}

	// And the store goes on, with nothing given out twice.
	s = openThaw(t, torn, uint64(cut), 0, clockUS+6_000_000_000)
	left = append(left, s.steps(3)...)
	require.NoError(t, s.Close())
	requireBoth(t, p, torn, left)
}

func newestSegment(t *testing.T, dir string) (newest uint64) {
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return 0
	}
	require.NoError(t, err)
	for _, entry := range entries {
		if id, ok := segment.ParseName(entry.Name()); ok {
			newest = max(newest, id)
		}
	}
	return newest
}

// committed walks over all frames of a store, up to where they end in each
// segment, and returns the events that are there and not part of a batch whose
// COMMIT is not.
func committed(t *testing.T, dir string) map[event.ID]bool {
	whole := map[event.ID]bool{}
	var open []event.ID
	batch := false
	for id := uint64(1); id <= newestSegment(t, dir); id++ {
		b, err := os.ReadFile(filepath.Join(dir, segment.Name(id)))
		require.NoError(t, err)
		_, size, err := segment.DecodeHeader(b)
		if err != nil {
			continue // cut inside the header
		}
		for b = b[size:]; len(b) > 8; {
			var body segment.Body
			n := frameSize(b)
			if n > uint64(len(b)) || segment.DecodeFrame(b[:n], &body) != nil {
				break
			}
			b = b[n:]
			switch {
			case body.Kind == event.SystemBatchBegin:
				batch, open = true, nil
			case body.Kind == event.SystemBatchCommit:
				for _, item := range open {
					whole[item] = true
				}
				batch = false
			case batch:
				open = append(open, body.ID)
			default:
				whole[body.ID] = true
			}
		}
	}
	return whole
}
