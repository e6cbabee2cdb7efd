package crash_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/host"
)

// faults are the ways in which the k-th operation fails.
var faults = []struct {
	name string
	rule failfs.Rule
}{
	{"EIO once", failfs.Rule{Kinds: failfs.Changes, Err: syscall.EIO}},
	{"EIO from then on", failfs.Rule{Kinds: failfs.Changes, Err: syscall.EIO, Forever: true}},
	{"ENOSPC once", failfs.Rule{Kinds: failfs.Changes, Err: syscall.ENOSPC}},
	{"ENOSPC from then on", failfs.Rule{Kinds: failfs.WriteAt | failfs.Create, Err: syscall.ENOSPC, Forever: true}},
	{"short write", failfs.Rule{Kinds: failfs.WriteAt, Err: syscall.ENOSPC, Short: 100}},
	{"EINTR", failfs.Rule{Kinds: failfs.WriteAt, Err: syscall.EINTR, Short: 1}},
	{"took effect", failfs.Rule{Kinds: failfs.Changes, Err: syscall.EIO, Applied: true}},
	{"sync", failfs.Rule{Kinds: failfs.Sync, Err: syscall.EIO}},
	{"directory sync", failfs.Rule{Kinds: failfs.SyncDir, Err: syscall.EIO}},
	{"truncate from then on", failfs.Rule{Kinds: failfs.Truncate | failfs.WriteAt, Err: syscall.EIO, Forever: true, Short: 9}},
	{"reads", failfs.Rule{Kinds: failfs.Reads, Err: syscall.EIO}},
}

// TestFailures lets the k-th operation of every workload fail in every way, for one k
// in three, or THAW_CRASH_STEP, until the workload ends without meeting it. The writer goes on as long
// as it is let. Then the store is opened as it is and after power cuts, and must
// hold what was acknowledged and nothing that was reported as not written.
func TestFailures(t *testing.T) {
	seed, step := setting(t, "THAW_CRASH_SEED", 1), int(setting(t, "THAW_CRASH_STEP", 3))
	if raceEnabled {
		step = raceStep()
	}
	for n, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			runs := 0
			for i := range plain {
				w := &workloads[i]
				if testing.Short() && i > 3 {
					break
				}
				for k := 1 + (n+i)%step; ; k += step {
					rule := f.rule
					rule.Nth = k
					rule.Match = func(op failfs.Op) bool { return !ofIndex(op.Name) } // see TestIndexFailures
					fired, err := failing(w, rule, seed)
					if err != nil {
						t.Fatalf("%s, operation %d: %v\nrepeat with THAW_CRASH_SEED=%d", w.name, k, err, seed)
					}
					if !fired {
						break
					}
					runs++
				}
			}
			t.Logf("%d runs with a fault", runs)
		})
	}
}

// failing runs a workload with one fault and checks what it leaves.
func failing(w *workload, rule failfs.Rule, seed uint64) (fired bool, err error) {
	known := &world{}
	disk, err := w.start(known, seed)
	if err != nil {
		return false, err
	}
	fs := failfs.New(disk)
	fault := fs.Fail(rule)
	stubborn := *w
	stubborn.stubborn = true
	result := stubborn.run(fs, known, seed)
	if fault.Fired() == 0 {
		return false, result
	}
	if err := reported(result); err != nil {
		return true, err
	}
	fault.Remove()
	if err := written(disk, known); err != nil {
		return true, err
	}
	random := rand.New(rand.NewPCG(seed, 7))
	for _, survive := range []int{100, 0, 50, random.IntN(100)} {
		cut := crashfs.Cut{Seed: random.Uint64(), Survive: survive}
		if err := check(disk.Crash(cut), known.known(w), cut.Seed); err != nil {
			return true, fmt.Errorf("then %+v: %w", cut, err)
		}
	}
	return true, nil
}

// reported requires that an error names its cause.
func reported(err error) error {
	if errors.Is(err, errNoticed) {
		return err
	}
	for _, known := range []error{nil, syscall.EIO, syscall.ENOSPC, syscall.EINTR, host.ErrFailed} {
		if errors.Is(err, known) {
			return nil
		}
	}
	return fmt.Errorf("an error without its cause: %w", err)
}
