package crash_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// TestRecoveryAgainAndAgain cuts the power in a workload, then in the recovery of what that left,
// then in the recovery of that, and so on, each time at a random operation (F28). After every cut
// the store must be what a single recovery must make of it, and a second recovery changes nothing.
func TestRecoveryAgainAndAgain(t *testing.T) {
	first := setting(t, "THAW_CRASH_SEED", 1)
	chains := setting(t, "THAW_RECOVERY_CHAINS", 120)
	if raceEnabled {
		chains = 3
	}
	states := 0
	for i := range workloads {
		w := &workloads[i]
		t.Run(w.name, func(t *testing.T) {
			for seed := first; seed < first+max(1, chains/uint64(len(workloads))); seed++ {
				n, err := recoverAgain(w, seed)
				states += n
				require.NoError(t, err, "repeat with THAW_CRASH_SEED=%d", seed)
			}
		})
	}
	t.Logf("%d states", states)
}

// depth is how often the power is cut in a recovery of a recovery.
const depth = 6

func recoverAgain(w *workload, seed uint64) (states int, err error) {
	known := &world{}
	fs, err := w.start(known, seed)
	if err != nil {
		return 0, err
	}
	random := rand.New(rand.NewPCG(seed, 17))
	var left *crashfs.FS
	var knew knowledge
	seen := 0
	fs.OnOp(func(op crashfs.Op) {
		if seen++; random.IntN(seen) == 0 { // each operation with the same probability
			cut := cuts(op, random, 1)
			left, knew = fs.Crash(cut[random.IntN(len(cut))]), known.known(w)
		}
	})
	if err := w.run(fs, known, seed); err != nil {
		return 0, err
	}
	for d := range depth {
		var next *crashfs.FS
		seen = 0
		left.OnOp(func(op crashfs.Op) {
			if seen++; random.IntN(seen) == 0 {
				cut := cuts(op, random, 1)
				next = left.Crash(cut[random.IntN(len(cut))])
			}
		})
		empty := workload{flushes: w.flushes, do: func(*session) error { return nil }}
		if err := empty.run(left, &world{}, seed); err != nil {
			return states, fmt.Errorf("recovery %d: %w", d, err)
		}
		left.OnOp(nil)
		if err := twice(left, seed); err != nil {
			return states, fmt.Errorf("recovery %d: %w", d, err)
		}
		states++
		if err := check(left.Crash(crashfs.Cut{Survive: 100}), knew, seed); err != nil {
			return states, fmt.Errorf("after recovery %d: %w", d, err)
		}
		if next == nil {
			break
		}
		if left = next; d == depth-1 {
			states++
			return states, check(left, knew, seed)
		}
	}
	return states, nil
}

// twice requires that opening and closing a store that was recovered leaves its segments alone.
func twice(fs *crashfs.FS, seed uint64) error {
	segments := func() map[string][]byte {
		files := fs.Files(dir)
		maps.DeleteFunc(files, func(name string, _ []byte) bool { return !isSegment(name) })
		return files
	}
	before := segments()
	st, err := host.Open(ctx, dir, options(fs, seed+9))
	if err != nil {
		return err
	}
	if r := st.Report().Recovered; r != nil {
		return fmt.Errorf("it was recovered again: %+v", r)
	}
	if err := st.Close(); err != nil {
		return err
	}
	if after := segments(); !maps.EqualFunc(before, after, bytes.Equal) {
		return fmt.Errorf("the segments changed")
	}
	return nil
}
