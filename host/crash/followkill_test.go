package crash_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// followDir holds, in the environment of a follower process, the directory of the store, and
// followFile the path of its checkpoint.
const (
	followDir  = "THAW_FOLLOW_DIR"
	followFile = "THAW_FOLLOW_FILE"
)

// followUntilKilled prints every event of a store as it comes, from its checkpoint on.
func followUntilKilled() error {
	r, err := host.OpenReader(ctx, os.Getenv(followDir), host.ReaderOptions{Logger: quiet})
	if err != nil {
		return err
	}
	region, checkpoint := host.Region{EntityPrefix: "e"}, host.CheckpointFile{Path: os.Getenv(followFile)}
	from, err := checkpoint.Load(region)
	if errors.Is(err, fs.ErrNotExist) {
		from, err = host.Position{}, nil
	}
	if err != nil {
		return err
	}
	f := r.Follow(region, from, host.FollowOptions{
		CaughtUp: func(p host.Position) error { return checkpoint.Save(region, p) },
	})
	n := 0
	for e, err := range f.Events(ctx) {
		if err != nil {
			return err
		}
		if _, err := fmt.Printf("%d %s\n", e.Sequence, e.ID); err != nil {
			return err
		}
		if n++; n%10 == 0 {
			if err := checkpoint.Save(region, f.Position()); err != nil {
				return err
			}
		}
	}
	return nil
}

// TestFollowKill kills a follower at random moments while a writer appends, rotates and flushes.
// Each one goes on from the checkpoint of the last, and none misses an event.
func TestFollowKill(t *testing.T) {
	kills := int(setting(t, "THAW_CRASH_KILLS", 12))
	seed := setting(t, "THAW_CRASH_SEED", uint64(time.Now().UnixNano()))
	t.Logf("repeat with THAW_CRASH_SEED=%d", seed)
	random := rand.New(rand.NewPCG(seed, 11))
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "checkpoint")
	st, err := host.Open(ctx, dir, host.Options{SegmentSize: 20_000, TailLimit: 100, Logger: quiet, Durability: host.LoseUnsynced})
	require.NoError(t, err)
	stop, done := make(chan struct{}), make(chan []event.ID)
	go func() {
		var ids []event.ID // by sequence, zero for other entities
		for i := 0; ; i++ {
			select {
			case <-stop:
				done <- ids
				return
			default:
			}
			entity := fmt.Sprint("e", i%3)
			if i%4 == 3 {
				entity = "other"
			}
			r, err := st.Append(ctx, event.At(entity, "s"), event.Data, i)
			if err != nil {
				done <- nil
				return
			}
			if ids = append(ids, r.ID); entity == "other" {
				ids[len(ids)-1] = event.ID{}
			}
			if i%50 == 0 {
				time.Sleep(2 * time.Millisecond)
			}
		}
	}()
	got, next := map[uint64]string{}, uint64(0) // next: one more than the last sequence printed
	run := func(ends func(sequence uint64) bool, after time.Duration) {
		self, err := os.Executable()
		require.NoError(t, err)
		cmd := exec.Command(self, "-test.run=^$")
		cmd.Env = append(os.Environ(), followDir+"="+dir, followFile+"="+file)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines, last := bufio.NewScanner(out), int64(-1)
		for first := true; lines.Scan(); first = false {
			var sequence uint64
			var id string
			if n, _ := fmt.Sscan(lines.Text(), &sequence, &id); n != 2 || len(id) != 2*event.IDSize {
				continue // cut short by the kill
			}
			require.Greater(t, int64(sequence), last, "a follower went back")
			if first {
				require.LessOrEqual(t, sequence, next+1, "events were missed between two runs") // one of four is of another region
				time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
			}
			if known, ok := got[sequence]; ok {
				require.Equal(t, known, id)
			}
			got[sequence], last, next = id, int64(sequence), max(next, sequence+1)
			if ends(sequence) {
				_ = cmd.Process.Kill()
			}
		}
		_ = cmd.Wait()
	}
	for range kills {
		run(func(uint64) bool { return false }, time.Duration(random.IntN(60_000))*time.Microsecond)
	}
	close(stop)
	want := <-done
	require.NotEmpty(t, want)
	final := uint64(0)
	for i, id := range want {
		if !id.IsZero() {
			final = uint64(i)
		}
	}
	run(func(sequence uint64) bool { return sequence >= final }, time.Minute)
	require.NoError(t, st.Close())
	for i, id := range want {
		if id.IsZero() {
			require.NotContains(t, got, uint64(i))
			continue
		}
		require.Equal(t, id.String(), got[uint64(i)], "event %d was missed", i)
	}
	t.Logf("%d events, none missed", len(want))
}
