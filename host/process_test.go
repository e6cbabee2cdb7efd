package host_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/interop"
)

// The test binary is run again as a writer or a reader of the named directory.
const (
	writerDirEnv = "THAW_TEST_WRITER_DIR"
	readerDirEnv = "THAW_TEST_READER_DIR"
)

// fatal is a require.TestingT outside of tests.
type fatal struct{}

func (fatal) Errorf(format string, args ...any) { fmt.Fprintf(os.Stderr, format, args...) }
func (fatal) FailNow()                          { os.Exit(1) }

// plan is how many events each append of the other process has.
func plan() (sizes []int, total int) {
	for i := range 240 {
		n := 1
		if i%5 == 4 {
			n = 4
		}
		sizes, total = append(sizes, n), total+n
	}
	return sizes, total
}

// writeForOthers is the other process: it appends events and batches in pieces,
// seals segments, and writes the index now and then and at the end.
func writeForOthers(dir string) {
	w := newWriter(fatal{}, place{osfs.FS{}, dir})
	w.segment()
	sizes, _ := plan()
	for i, n := range sizes {
		if n == 1 {
			w.append(fmt.Sprintf("entity%d", i%7))
		} else {
			w.batch(n)
		}
		for len(w.queue) > 0 {
			w.flush(250)
			time.Sleep(200 * time.Microsecond)
		}
		if i%40 == 39 {
			w.seal()
			w.flushAll()
			if i%80 == 79 {
				w.putIndex()
			}
			w.segment()
		}
	}
	w.seal()
	w.flushAll()
	w.putIndex()
}

// followOther reads until there are total events, and returns an error for anything but a prefix
// of the committed events. whole reports whether a length is such a prefix.
func followOther(ctx context.Context, dir string, total int, whole func(n int) bool) (looks int, err error) {
	r, err := host.OpenReader(ctx, dir, host.ReaderOptions{Logger: quiet})
	for errors.Is(err, fs.ErrNotExist) && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
		r, err = host.OpenReader(ctx, dir, host.ReaderOptions{Logger: quiet})
	}
	if err != nil {
		return 0, err
	}
	defer r.Close()
	var seen []event.ID
	for looks = 0; ; looks++ {
		if _, err := r.Refresh(ctx); err != nil {
			return looks, err
		}
		if d := r.Report().Damages; len(d) > 0 {
			return looks, d[0]
		}
		n := 0
		for e, err := range r.Query(ctx, host.Region{}, host.Page{}) {
			switch {
			case err != nil:
				return looks, err
			case e.Sequence != uint64(n):
				return looks, fmt.Errorf("event %d has sequence %d", n, e.Sequence)
			case n < len(seen) && seen[n] != e.ID:
				return looks, fmt.Errorf("event %d is another than before", n)
			}
			if n == len(seen) {
				seen = append(seen, e.ID)
				if _, err := r.Read(ctx, e); err != nil {
					return looks, err
				}
			}
			n++
		}
		if n < len(seen) {
			return looks, fmt.Errorf("%d events, and were %d", n, len(seen))
		}
		if !whole(n) {
			return looks, fmt.Errorf("%d events: part of a batch", n)
		}
		if n >= total {
			return looks, nil
		}
	}
}

func followPlan(ctx context.Context, dir string) (int, error) {
	sizes, total := plan()
	whole := map[int]bool{0: true}
	n := 0
	for _, size := range sizes {
		n += size
		whole[n] = true
	}
	return followOther(ctx, dir, total, func(n int) bool { return whole[n] })
}

// readForOthers is one more process that reads.
func readForOthers(dir string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := followPlan(ctx, dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// TestOtherProcesses reads, in this process and in others, the events that another one writes.
func TestOtherProcesses(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	run := func(env string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, self)
		cmd.Env = append(os.Environ(), env+"="+dir)
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Skipf("no processes here: %v", err)
		}
		return cmd
	}
	commands := []*exec.Cmd{run(readerDirEnv), run(readerDirEnv), run(writerDirEnv)}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			looks, err := followPlan(ctx, dir)
			assert.NoError(t, err)
			assert.Greater(t, looks, 10)
		})
	}
	for _, cmd := range commands {
		assert.NoError(t, cmd.Wait())
	}
	wg.Wait()
}

// TestBatpakWrites reads the events that batpak 0.4.0 writes meanwhile.
func TestBatpakWrites(t *testing.T) {
	const events = 3000
	peer, err := interop.Peer(t.Context())
	if errors.Is(err, interop.ErrNoCargo) || errors.Is(err, interop.ErrNoCrate) {
		t.Skipf("nothing of batpak's is read meanwhile: %v", err)
	}
	require.NoError(t, err)
	steps := make([]interop.Step, events)
	for i := range steps {
		item := interop.Asked{Entity: fmt.Sprintf("entity%d", i%7), Scope: "scope", Kind: 0x1000, Payload: i}
		steps[i] = interop.Step{Items: []interop.Asked{item}, Single: true}
	}
	dir := filepath.Join(t.TempDir(), "store")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			looks, err := followOther(ctx, dir, events, func(int) bool { return true })
			assert.NoError(t, err)
			t.Logf("%d looks", looks)
		})
	}
	if _, err := peer.Append(ctx, dir, steps...); !assert.NoError(t, err) {
		cancel()
	}
	wg.Wait()
}
