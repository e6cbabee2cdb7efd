package crash_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// TestKillThenPowerCut stops a writer's process at every operation, lets the next
// one open the store and close it, and then cuts the power. The second process sees the unsynced bytes
// of the first, which need not be on disk: an index must not cover them. This also holds without a sync
// mark, as in batpak's stores.
func TestKillThenPowerCut(t *testing.T) {
	seed := setting(t, "THAW_CRASH_SEED", 1)
	w := &workload{prepared: true, durability: host.LoseUnsynced, do: func(s *session) error {
		return repeat(10, func(int) error { return s.single() })
	}}
	for _, second := range []struct {
		name string
		run  func(fs *crashfs.FS) error
	}{
		{"open and close", func(fs *crashfs.FS) error {
			st, err := host.Open(ctx, dir, withFlushes(often, options(fs, seed+5)))
			if err != nil {
				return err
			}
			return errors.Join(st.Close(), st.CloseReport().IndexError)
		}},
		{"rebuild", func(fs *crashfs.FS) error {
			_, err := host.Rebuild(ctx, dir, host.RebuildOptions{Options: options(fs, seed+5)})
			return err
		}},
	} {
		for _, marked := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, marked %v", second.name, marked), func(t *testing.T) {
				t.Parallel()
				step := 1
				if raceEnabled {
					step = raceStep()
				}
				for n := 1; ; n += step {
					stopped, err := killThenCut(w, n, marked, second.run, seed)
					if err != nil {
						t.Fatalf("killed at operation %d: %v\nrepeat with THAW_CRASH_SEED=%d", n, err, seed)
					}
					if !stopped {
						break
					}
				}
			})
		}
	}
}

func killThenCut(w *workload, n int, marked bool, second func(*crashfs.FS) error, seed uint64) (stopped bool, err error) {
	known := &world{}
	fs, err := w.start(known, seed)
	if err != nil {
		return false, err
	}
	fs = fs.Crash(crashfs.Cut{Survive: 100}) // restarts its operation count
	fs.StopAfter(n)
	if err := w.run(fs, known, seed); err == nil {
		return false, nil
	} else if !errors.Is(err, crashfs.ErrStopped) {
		return false, err
	}
	fs.StopAfter(0)
	judged := check
	if !marked {
		_ = fs.Remove(dir + "/" + synced.FileName)
		judged = func(fs *crashfs.FS, _ knowledge, _ uint64) error {
			is, failed := readOnly(fs)
			err := asSegments(fs, is, true)
			if errors.Is(err, errAlone) {
				return nil // damage cannot be recognized then
			}
			return cmp.Or(failed, err)
		}
	}
	k := known.known(w)
	k.shown = 0 // the second process shows what is not on disk yet
	random := rand.New(rand.NewPCG(seed, uint64(n)))
	var failed error
	try := func(when string) {
		for _, survive := range []int{0, 10 + random.IntN(81)} {
			cut := crashfs.Cut{Seed: random.Uint64(), Survive: survive}
			if err := judged(fs.Crash(cut), k, cut.Seed); err != nil && failed == nil {
				failed = fmt.Errorf("%s, %+v: %w", when, cut, err)
			}
		}
	}
	fs.OnOp(func(op crashfs.Op) {
		if op.Kind == crashfs.WriteAt {
			return
		}
		try(fmt.Sprintf("then at operation %d, %v %s", op.N, op.Kind, op.Name))
	})
	if err := second(fs); err != nil {
		return true, err
	}
	fs.OnOp(nil)
	try("then at the end")
	return true, failed
}
