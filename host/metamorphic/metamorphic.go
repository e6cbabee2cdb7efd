package metamorphic

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// The environment of a test: how many seeds it tries, from which on, how long a script is,
// and in how many configurations each runs.
const (
	seedsEnv  = "THAW_METAMORPHIC_SEEDS"
	seedEnv   = "THAW_METAMORPHIC_SEED"
	stepsEnv  = "THAW_METAMORPHIC_STEPS"
	configEnv = "THAW_METAMORPHIC_CONFIGS"
)

func setting(t testing.TB, name string, otherwise uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// Options are what a test asks for.
type Options struct {
	// Seeds is how many scripts are run, unless the environment says otherwise.
	Seeds uint64
	// Other, if not nil, opens one more reader for every check.
	Other Opener
	// Package and Test name the test, for the command that replays a failure.
	Package, Test string
}

// Run runs the scripts of many seeds, each in a few configurations drawn from its seed.
func Run(t *testing.T, o Options) {
	first, configs := setting(t, seedEnv, 1), setting(t, configEnv, 3)
	seeds := setting(t, seedsEnv, o.Seeds)
	if testing.Short() { // with the race detector, which has seen most of what there is to see after a few
		seeds = 1 + seeds/20
	}
	end, steps := first+seeds, setting(t, stepsEnv, 30)
	base := t.TempDir()
	const workers = 2
	for w := range uint64(workers) {
		t.Run(fmt.Sprint("worker ", w), func(t *testing.T) {
			t.Parallel()
			for seed := first + w; seed < end; seed += workers {
				s := newScript(seed, int(steps))
				for n := range configs {
					if err := try(s, n, o.Other, base); err != nil {
						t.Fatalf("%v\nreplay with\n\t%s=%d %s=1 %s=%d %s=%d go test -count=1 -run '%s$' %s",
							err, seedEnv, seed, seedsEnv, stepsEnv, steps, configEnv, configs, o.Test, o.Package)
					}
				}
			}
		})
	}
}

// try runs a script in the n-th of its configurations.
func try(s *script, n uint64, other Opener, base string) error {
	c := configuration(rand.New(rand.NewPCG(s.seed, 100+n)).Uint64N(configurations()))
	dir := fmt.Sprintf("%s/%d-%d", base, s.seed, n)
	defer os.RemoveAll(dir)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	x := &run{config: c, r: rand.New(rand.NewPCG(s.seed, 200+n)), other: other, base: dir}
	at, err := x.do(s)
	if err == nil {
		return nil
	}
	var text strings.Builder
	for i := range s.steps[:min(at+1, len(s.steps))] {
		fmt.Fprintf(&text, "\n%3d %v", i, &s.steps[i])
	}
	return fmt.Errorf("the script:%s\nseed %d, %v\nstep %d: %w", text.String(), s.seed, c, at, err)
}
