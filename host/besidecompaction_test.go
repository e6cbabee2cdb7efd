package host_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// besideDirEnv makes the test binary a reader of the named directory, in which another process
// compacts.
const besideDirEnv = "THAW_TEST_BESIDE_DIR"

// noSwapRenames fails the renames of a swap, which stays pending.
type noSwapRenames struct{ fsabstraction.FS }

var errNoRename = errors.New("no rename")

func (f noSwapRenames) Rename(from, to string) error {
	if strings.HasSuffix(from, ".swap") {
		return errNoRename
	}
	return f.FS.Rename(from, to)
}

// TestSwapEndsUnderReader: a reader that opened the store during a swap, and reads segments under
// the names with which they wait, goes on when these get their own names, and when files of the
// next swap wait under the earlier ones.
func TestSwapEndsUnderReader(t *testing.T) {
	for name, judge := range judges {
		t.Run(name, func(t *testing.T) {
			fsys := memfs.New()
			fillSessions(t, fsys, 8, 7)
			o := compactOptions(noSwapRenames{fsys})
			o.Unlocked = true
			s, err := host.Open(t.Context(), "store", o)
			require.NoError(t, err)
			size := int64(1500)
			if judge == nil {
				size = 0 // or nothing is merged
			}
			_, err = s.Compact(t.Context(), host.Compaction{Judge: judge, SegmentSize: size})
			require.ErrorIs(t, err, host.ErrUnfinished)
			_ = s.Close()
			_, err = fsys.Lstat(filepath.Join("store", "swap.thaw"))
			require.NoError(t, err)

			var readers []*host.DirReader
			for range 2 {
				r, err := host.OpenReader(t.Context(), "store", host.ReaderOptions{FS: fsys, Logger: quiet, OpenSegments: 1})
				require.NoError(t, err)
				defer r.Close()
				readers = append(readers, r)
			}
			readable(t, readers[0])                                        // one has read every segment, the other none
			s, err = host.Open(t.Context(), "store", compactOptions(fsys)) // ends the swap
			require.NoError(t, err)
			want := readable(t, s)
			require.NoError(t, s.Close())
			files, err := fsys.ReadDir("store")
			require.NoError(t, err)
			for _, file := range files { // as the next swap does before it counts
				if strings.HasSuffix(file.Name, ".fbat") {
					f, err := fsys.Create(filepath.Join("store", file.Name+".swap"))
					require.NoError(t, err)
					require.NoError(t, f.Close())
				}
			}
			for _, r := range readers {
				require.Equal(t, want, readable(t, r))
				for _, e := range want {
					_, err := r.Read(t.Context(), e.Event)
					if !errors.Is(err, host.ErrRedacted) {
						require.NoError(t, err)
					}
				}
			}
		})
	}
}

// readBeside opens and reads the store in every way, and returns an error for anything but an
// event that was removed.
func readBeside(ctx context.Context, dir string, r *host.DirReader, check bool) error {
	var err error
	if r == nil {
		r, err = host.OpenReader(ctx, dir, host.ReaderOptions{Logger: quiet, OpenSegments: 1, CheckFrames: check, CheckIndex: check})
		if err != nil {
			return fmt.Errorf("open: %w", err)
		}
		defer r.Close()
	} else if _, err := r.Refresh(ctx); err != nil {
		return fmt.Errorf("refresh: %w", err)
	}
	if d := r.Report().Damages; len(d) > 0 {
		return fmt.Errorf("report: %w", d[0])
	}
	all := func() func(func(event.Event, error) bool) { return r.Query(ctx, host.Region{}, host.Page{}) }
	last, kept := -1, 0
	for e, err := range all() {
		if errors.Is(err, host.ErrRemoved) && check {
			return nil
		}
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		if int(e.Sequence) <= last {
			return fmt.Errorf("sequence %d after %d", e.Sequence, last)
		}
		last = int(e.Sequence)
		if e.Entity == "kept" {
			kept++
		}
		if _, err := r.Read(ctx, e); err != nil && !errors.Is(err, host.ErrRemoved) && !errors.Is(err, host.ErrRedacted) {
			return fmt.Errorf("read: %w", err)
		}
	}
	if kept < 40 {
		return fmt.Errorf("%d of 40 events that are never removed", kept)
	}
	for e, err := range r.ReadEach(ctx, all()) {
		if errors.Is(err, host.ErrRemoved) {
			break
		}
		if err != nil && !errors.Is(err, host.ErrRedacted) {
			return fmt.Errorf("read each %v: %w", e.Position, err)
		}
	}
	return nil
}

// readUntil reads until the directory has a file "done", and at least some times.
func readUntil(ctx context.Context, dir string) error {
	var r *host.DirReader
	defer func() {
		if r != nil {
			_ = r.Close()
		}
	}()
	for n := 0; ; n++ {
		_, err := os.Lstat(filepath.Join(dir, "done"))
		if err == nil && n > 20 {
			return nil
		}
		if err := readBeside(ctx, dir, nil, n%2 == 1); err != nil {
			return err
		}
		if r == nil {
			if r, err = host.OpenReader(ctx, dir, host.ReaderOptions{Logger: quiet, OpenSegments: 1}); err != nil {
				return err
			}
		}
		if err := readBeside(ctx, dir, r, false); err != nil {
			return err
		}
	}
}

// readBesideCompactions is another process that reads.
func readBesideCompactions(dir string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := readUntil(ctx, dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// TestReadersBesideCompactions: readers of this and of another process are opened, refreshed and
// iterated while a store is compacted again and again, and meet nothing but that events were
// removed. Also copies are made, and the store is salvaged.
func TestReadersBesideCompactions(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	o := compactOptions(nil)
	o.FS, o.Durability = nil, host.Durability{}
	s, err := host.Open(ctx, dir, o)
	require.NoError(t, err)
	appendTo := func(entity string, n int) {
		for i := range n {
			_, err := s.Append(ctx, event.At(entity, "s"), 0x1001, i)
			require.NoError(t, err)
		}
	}
	appendTo("kept", 40)
	var wg sync.WaitGroup
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), besideDirEnv+"="+dir)
	cmd.Stderr = os.Stderr
	started := cmd.Start() == nil
	wg.Go(func() { assert.NoError(t, readUntil(ctx, dir)) })
	for round := range 60 {
		appendTo("e"+string(rune('0'+round%3)), 5)
		c := host.Compaction{SegmentSize: int64(1500 + 1000*(round%4))}
		if round%3 == 1 {
			c.Judge = func(e event.Event) host.Verdict {
				if e.Entity != "kept" && e.Sequence%3 == uint64(round)%3 {
					return []host.Verdict{host.DropEvent, host.RedactEvent}[round%2]
				}
				return host.KeepEvent
			}
		}
		_, err := s.Compact(ctx, c)
		require.NoError(t, err)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "done"), nil, 0o600))
	wg.Wait()
	if started {
		assert.NoError(t, cmd.Wait())
	}
	require.NoError(t, s.Close())
}
