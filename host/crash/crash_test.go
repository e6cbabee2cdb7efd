package crash_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
)

// setting reads a number from the environment.
func setting(t testing.TB, name string, otherwise uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err, name)
	return n
}

// raceStep is the step between operations with the race detector, which makes everything
// ten times slower and has seen most of what there is to see after one of them.
func raceStep() int {
	if testing.Short() {
		return 61
	}
	return 8
}

// run is one workload under one seed, stopped at every operation.
type run struct {
	workload *workload
	seed     uint64
	step     uint64 // one operation in so many is tried
	density  int
	states   atomic.Int64
	checks   chan state

	mu     sync.Mutex
	failed error
}

// state is what one power cut left, and what callers knew at that moment.
type state struct {
	fs     *crashfs.FS
	known  knowledge
	seed   uint64
	again  bool // cut power during its recovery too
	during string
}

// TestPowerCuts runs every workload, cuts the power in many ways before one of its
// operations in three, or THAW_CRASH_STEP, and checks what is left. It goes on with
// further seeds until enough states were tried.
func TestPowerCuts(t *testing.T) {
	first := setting(t, "THAW_CRASH_SEED", 1)
	least := int64(setting(t, "THAW_CRASH_STATES", 5_000))
	step := setting(t, "THAW_CRASH_STEP", 3)
	if testing.Short() {
		least = 1
	}
	if raceEnabled {
		least, step = 1, uint64(raceStep())
	}
	var total atomic.Int64
	for i := range workloads {
		w := &workloads[i]
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			var states int64
			for seed := first; states*int64(len(workloads)) < least; seed++ {
				r := &run{workload: w, seed: seed, step: step, density: 1}
				if err := r.all(); err != nil {
					t.Fatalf("%v\nrepeat with\n\tTHAW_CRASH_SEED=%d THAW_CRASH_STEP=%d THAW_CRASH_STATES=1 go test -run 'TestPowerCuts/%s$' ./host/crash",
						err, seed, step, strings.ReplaceAll(w.name, " ", "_"))
				}
				states += r.states.Load()
			}
			total.Add(states)
			t.Logf("%d states from seed %d on", states, first)
		})
	}
	t.Cleanup(func() { t.Logf("%d states in all", total.Load()) })
}

// all runs the workload once and checks every state.
func (r *run) all() error {
	w := &world{}
	fs, err := r.workload.start(w, r.seed)
	if err != nil {
		return err
	}
	r.checks = make(chan state, 16)
	var wg sync.WaitGroup
	wg.Go(func() {
		for s := range r.checks {
			if r.failure() == nil {
				r.keep(r.check(s))
			}
		}
	})
	random := rand.New(rand.NewPCG(r.seed, 4))
	fs.OnOp(func(op crashfs.Op) {
		if (uint64(op.N)+r.seed)%r.step != 0 || r.workload.sparse(op, r.seed) {
			return
		}
		known := w.known(r.workload)
		for _, cut := range cuts(op, random, r.density) {
			r.checks <- state{
				fs.Crash(cut), known, cut.Seed, random.IntN(50) == 0,
				fmt.Sprintf("operation %d, %v %s at %d, %d bytes, %+v", op.N, op.Kind, op.Name, op.Offset, len(op.Data), cut),
			}
		}
	})
	err = r.workload.run(fs, w, r.seed)
	r.checks <- state{fs.Crash(crashfs.Cut{Seed: r.seed}), w.known(r.workload), r.seed, false, "after the close"}
	close(r.checks)
	wg.Wait()
	if err != nil {
		return fmt.Errorf("the workload itself: %w", err)
	}
	return r.failure()
}

func (r *run) check(s state) error {
	r.states.Add(1)
	if s.again {
		if err := r.checkRecovery(s); err != nil {
			return fmt.Errorf("%s, then again in its recovery: %w", s.during, err)
		}
	}
	if err := check(s.fs, s.known, s.seed); err != nil {
		return fmt.Errorf("%s: %w", s.during, err)
	}
	return nil
}

// checkRecovery opens what is left of the store and cuts the power before each
// operation of that, too.
func (r *run) checkRecovery(s state) error {
	fs := s.fs.Crash(crashfs.Cut{Survive: 100})
	random := rand.New(rand.NewPCG(s.seed, 5))
	if random.IntN(2) == 0 {
		// A store of batpak's has no mark, and the mark can be lost. As long as what
		// is there shows no damage then, its recovery must not make any.
		bare := fs.Crash(crashfs.Cut{Survive: 100})
		_ = bare.Remove(dir + "/" + synced.FileName)
		if found, err := readOnly(bare); err == nil && judge(found, s.known) == nil && verify(bare, "without a mark") == nil {
			fs = bare.Crash(crashfs.Cut{Survive: 100})
		}
	}
	var failed error
	fs.OnOp(func(op crashfs.Op) {
		if r.workload.sparse(op, s.seed) {
			return
		}
		for _, cut := range cuts(op, random, 1) {
			if failed == nil {
				r.states.Add(1)
				if err := check(fs.Crash(cut), s.known, cut.Seed); err != nil {
					failed = fmt.Errorf("operation %d, %v %s, %+v: %w", op.N, op.Kind, op.Name, cut, err)
				}
			}
		}
	})
	empty := workload{flushes: r.workload.flushes, do: func(*session) error { return nil }}
	if err := empty.run(fs, &world{}, s.seed); err != nil {
		return err
	}
	return failed
}

func (r *run) keep(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed == nil {
		r.failed = err
	}
}

func (r *run) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}
