package crash_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
)

// The environment of a writer process holds the directory, the number of its first unit, and a seed.
const (
	killDir  = "THAW_KILL_DIR"
	killUnit = "THAW_KILL_UNIT"
	killSeed = "THAW_KILL_SEED"
)

// writerLine is one line that a writer process prints: before an append without
// receipts, and after it was acknowledged with them.
type writerLine struct {
	Unit     int
	Events   int
	Receipts []host.Receipt `json:",omitempty"`
}

// writeUntilKilled appends from three goroutines for as long as it lives, and
// closes and opens the store again now and then.
func writeUntilKilled() error {
	start, err := strconv.Atoi(os.Getenv(killUnit))
	if err != nil {
		return err
	}
	seed, err := strconv.ParseUint(os.Getenv(killSeed), 10, 64)
	if err != nil {
		return err
	}
	world := &world{units: make([]unit, start)}
	var mu sync.Mutex
	say := func(t writerLine) {
		b, _ := json.Marshal(t)
		mu.Lock()
		defer mu.Unlock()
		_, _ = os.Stdout.Write(append(b, '\n')) // one write, so that no line is mixed
	}
	for round := uint64(0); ; round++ {
		o := options(osfs.FS{}, seed+round)
		o.SegmentSize = 8_000
		st, err := host.Open(ctx, os.Getenv(killDir), withFlushes(background, o))
		if err != nil {
			return err
		}
		s := &session{Store: st, world: world, random: rand.New(rand.NewPCG(seed, round))}
		err = together(3, s, func(s *session, _ int) error {
			return repeat(40, func(i int) error {
				n := 1 + s.random.IntN(6)*(i%2)
				a := world.begin(n)
				say(writerLine{Unit: a.number, Events: n})
				rs, err := s.AppendBatch(ctx, s.items(a, n))
				if err == nil {
					say(writerLine{a.number, n, rs})
				}
				return err
			})
		})
		if err := errors.Join(err, st.Close()); err != nil {
			return err
		}
	}
}

// TestKill repeatedly kills a writer process with SIGKILL, at random moments, while one store grows. No
// append that it reported as acknowledged may be missing, and the next writer opens the store at once.
func TestKill(t *testing.T) {
	kills := int(setting(t, "THAW_CRASH_KILLS", 20))
	seed := setting(t, "THAW_CRASH_SEED", uint64(time.Now().UnixNano()))
	t.Logf("repeat with THAW_CRASH_SEED=%d THAW_CRASH_KILLS=%d go test -run 'TestKill$' ./host/crash", seed, kills)
	random := rand.New(rand.NewPCG(seed, 6))
	path := t.TempDir()
	var units []unit
	for kill := range kills {
		units = append(units, killOne(t, path, len(units), random)...)
		r, err := host.OpenReader(ctx, path, host.ReaderOptions{Logger: quiet, Strict: true})
		require.NoError(t, err)
		found, err := events(r)
		require.NoError(t, err)
		require.NoError(t, compare(found, knowledge{units: units}), "kill %d", kill)
		require.NoError(t, r.Close())
		if kill%10 == 0 {
			result, err := host.Verify(ctx, path, host.ReaderOptions{Logger: quiet}, nil)
			require.NoError(t, err)
			require.Empty(t, result.Damages)
		}
		decide(units, found)
	}
	acks := 0
	for _, u := range units {
		if u.fate == acked {
			acks += u.events
		}
	}
	t.Logf("%d kills, %d events acknowledged, none missing", kills, acks)
	require.Positive(t, acks)
}

// killOne starts a writer, kills it, and returns the units that it reported.
func killOne(t *testing.T, path string, start int, random *rand.Rand) []unit {
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self, "-test.run=^$")
	cmd.Env = append(os.Environ(), killDir+"="+path, fmt.Sprintf("%s=%d", killUnit, start),
		fmt.Sprintf("%s=%d", killSeed, random.Uint64()))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	wait := time.Duration(random.IntN(60_000)) * time.Microsecond
	lines := bufio.NewReader(out)
	units := map[int]unit{}
	last := start - 1
	for first := true; ; first = false {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break // an incomplete line does not count
		}
		var s writerLine
		require.NoError(t, json.Unmarshal(line, &s))
		u := unit{number: s.Unit, events: s.Events, receipts: s.Receipts}
		if s.Receipts != nil {
			u.fate = acked
		}
		units[s.Unit] = u
		last = max(last, s.Unit)
		if first {
			time.AfterFunc(wait, func() { _ = cmd.Process.Kill() })
		}
	}
	require.Error(t, cmd.Wait())
	list := make([]unit, last-start+1)
	for i := range list {
		list[i] = units[start+i]
		list[i].number = start + i
	}
	return list
}

// decide decides the fate of the units in progress when a writer was killed: those in the store stay,
// the others must never appear.
func decide(units []unit, found []event.Event) {
	receipts := map[int][]host.Receipt{}
	for _, e := range found {
		n, _ := unitOf(e.Correlation)
		receipts[n] = append(receipts[n], host.Receipt{ID: e.ID, Sequence: e.Sequence, Clock: e.Clock, Position: e.Position})
	}
	for n := range units {
		u := &units[n]
		if u.fate != maybe {
			continue
		}
		if u.fate = never; receipts[n] != nil {
			u.fate, u.receipts = acked, receipts[n]
		}
	}
}
