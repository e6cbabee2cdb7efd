package crash_test

import (
	"errors"
	"syscall"
	"testing"

	"github.com/thawlog/thaw/fsabstraction/failfs"
)

// indexFaults are the ways in which the k-th operation on the files of an index
// fails.
var indexFaults = []struct {
	name string
	rule failfs.Rule
}{
	{"EIO once", failfs.Rule{Kinds: failfs.Changes, Err: syscall.EIO}},
	{"EIO from then on", failfs.Rule{Kinds: failfs.Changes, Err: syscall.EIO, Forever: true}},
	{"no room from then on", failfs.Rule{Kinds: failfs.WriteAt | failfs.Create, Err: syscall.ENOSPC, Forever: true, Short: 100}},
	{"took effect", failfs.Rule{Kinds: failfs.Changes, Err: syscall.EIO, Applied: true}},
	{"close", failfs.Rule{Kinds: failfs.Close, Err: syscall.EIO}},
	{"reads", failfs.Rule{Kinds: failfs.Open | failfs.Lstat | failfs.Stat, Err: syscall.EIO}},
	{"removals", failfs.Rule{Kinds: failfs.Remove, Err: syscall.EIO, Forever: true}},
}

// TestIndexFailures lets the k-th operation on the files of an index fail, in every
// workload that writes some; THAW_CRASH_STEP of 1 tries every k. No append and no
// close may notice: the index is late at worst, and is written when that is possible
// again.
func TestIndexFailures(t *testing.T) {
	step := int(setting(t, "THAW_CRASH_STEP", 6))
	for n, f := range indexFaults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			failFlushes(t, f.rule, n, step, func(op failfs.Op) bool { return ofIndex(op.Name) }, unnoticed)
		})
	}
}

// TestFlushFailures lets other operations of these workloads fail, not all of them:
// what is not about an index is as TestFailures has it.
func TestFlushFailures(t *testing.T) {
	step := 5 * int(setting(t, "THAW_CRASH_STEP", 6))
	for n, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			failFlushes(t, f.rule, n, step, func(op failfs.Op) bool { return !ofIndex(op.Name) }, failing)
		})
	}
}

// failFlushes runs the workloads with a fault in every step-th of the operations that
// match, from another one on for each number.
func failFlushes(t *testing.T, rule failfs.Rule, number, step int, match func(failfs.Op) bool,
	run func(*workload, failfs.Rule, uint64) (bool, error)) {
	seed, runs := setting(t, "THAW_CRASH_SEED", 1), 0
	if raceEnabled || testing.Short() {
		step *= 10
	}
	if raceEnabled && testing.Short() {
		step *= 5
	}
	for i := range flushWorkloads {
		w := &flushWorkloads[i]
		for k := 1 + (number+i)%step; ; k += step {
			rule.Nth, rule.Match = k, match
			fired, err := run(w, rule, seed)
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
}

var errNoticed = errors.New("an append failed")

// unnoticed is failing, for faults that appends and closes have nothing to do with.
func unnoticed(w *workload, rule failfs.Rule, seed uint64) (fired bool, err error) {
	careful := *w
	careful.do = func(s *session) error {
		s.stubborn = false
		if err := w.do(s); err != nil {
			return errors.Join(errNoticed, err)
		}
		return nil
	}
	return failing(&careful, rule, seed)
}
