package crash_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/host"
)

// copying is a backup or a fork that is stopped at every operation.
type copying struct {
	name string
	// files are what is durable before, by path.
	files map[string][]byte
	to    string
	run   func(fs fsabstraction.FS) error
	// before and after are the events of the destination; before is nil without one.
	before, after []event.Event
}

const source, target = "/d/s", "/d/b"

func copyingOptions(fs fsabstraction.FS, seed uint64) host.Options {
	return withFlushes(often, options(fs, seed))
}

// grown returns the files of a store after a few sessions more, and its events.
func grown(t *testing.T, files map[string][]byte, seed uint64, appends int) (map[string][]byte, []event.Event) {
	fs := crashfs.FromFiles(files)
	st, err := host.Open(ctx, source, copyingOptions(fs, seed))
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(seed, 1))
	for i := range appends {
		items := make([]host.Item, 1+random.IntN(3))
		for k := range items {
			items[k] = host.Item{At: event.At(fmt.Sprint("e", (i+k)%3), "s"), Kind: event.Data, Payload: i}
		}
		_, err := st.AppendBatch(ctx, items)
		require.NoError(t, err)
	}
	if seed%2 == 0 {
		require.NoError(t, st.Close())
	}
	out := maps.Clone(files)
	if out == nil {
		out = map[string][]byte{}
	}
	maps.DeleteFunc(out, func(name string, _ []byte) bool { return filepath.Dir(name) == source })
	for name, b := range fs.Files(source) {
		out[filepath.Join(source, name)] = b
	}
	if seed%2 != 0 {
		defer st.Close()
	}
	return out, listed(t, crashfs.FromFiles(out), source)
}

func listed(t *testing.T, fs fsabstraction.ReadFS, dir string) []event.Event {
	events, err := list(fs, dir)
	require.NoError(t, err)
	return events
}

func list(fsys fsabstraction.ReadFS, dir string) (out []event.Event, err error) {
	r, err := host.OpenReader(ctx, dir, host.ReaderOptions{FS: fsys, Logger: quiet, Strict: true})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for e, err := range r.Query(ctx, host.Region{}, host.Page{}) {
		if err != nil {
			return nil, err
		}
		e.Position, e.Timed, e.TimestampUS = event.Position{}, false, 0
		out = append(out, e)
	}
	return out, nil
}

func with(fs *crashfs.FS, files map[string][]byte, dir string) map[string][]byte {
	out := maps.Clone(files)
	for name, b := range fs.Files(dir) {
		out[filepath.Join(dir, name)] = b
	}
	return out
}

// copyings makes the copies: a first backup, the next one, the next one after events were
// removed from the store, and a fork.
func copyings(t *testing.T, seed uint64) []copying {
	backup := func(fs fsabstraction.FS) error {
		_, err := host.Backup(ctx, source, target, host.BackupOptions{FS: fs, Logger: quiet})
		return err
	}
	files, log := grown(t, nil, seed, 12)
	first := copying{name: "first backup", files: files, to: target, run: backup, after: log}

	done := crashfs.FromFiles(files)
	require.NoError(t, backup(done))
	files = with(done, files, target)
	files, more := grown(t, files, seed+1, 5)
	next := copying{name: "next backup", files: files, to: target, run: backup, before: log, after: more}

	// As after a compaction: another generation, so that nothing is trusted.
	rewritten := maps.Clone(files)
	id := log[0].ID
	rewritten[filepath.Join(source, lineage.FileName)] = lineage.AppendFile(nil, &lineage.Lineage{
		Identity: id, Generation: 1, NextSequence: more[len(more)-1].Sequence + 1,
	})
	again := copying{name: "backup of another generation", files: rewritten, to: target, run: backup, before: log, after: more}

	// After a compaction that dropped events: other segments, fewer of them, and a store.thaw.
	thinned := crashfs.FromFiles(files)
	st, err := host.Open(ctx, source, host.Options{FS: thinned, Logger: quiet})
	require.NoError(t, err)
	dropped, err := st.Compact(ctx, host.Compaction{Judge: func(e event.Event) host.Verdict {
		if e.Sequence%3 == 1 {
			return host.DropEvent
		}
		return host.KeepEvent
	}})
	require.NoError(t, err)
	require.Positive(t, dropped.Dropped)
	require.NoError(t, st.Close())
	compacted := copying{
		name: "backup after a compaction", files: with(thinned, without(files, source), source), to: target, run: backup,
		before: log, after: listed(t, thinned, source),
	}

	at := more[len(more)*2/3].Sequence
	plain := without(files, target)
	fork := copying{name: "fork", files: plain, to: target, run: func(fs fsabstraction.FS) error {
		_, err := host.Fork(ctx, source, at, target, host.ForkOptions{FS: fs, Logger: quiet})
		return err
	}}
	forked := crashfs.FromFiles(plain)
	require.NoError(t, fork.run(forked))
	fork.after = listed(t, forked, target)
	return []copying{first, next, again, compacted, fork}
}

// without returns the files that are not in a directory.
func without(files map[string][]byte, dir string) map[string][]byte {
	rest := maps.Clone(files)
	maps.DeleteFunc(rest, func(name string, _ []byte) bool { return filepath.Dir(name) == dir })
	return rest
}

// check requires the destination to be what it was or what it becomes, the source to have
// every byte, and another try to succeed.
func (c *copying) check(fsys *crashfs.FS) error {
	for name, b := range c.files {
		if filepath.Dir(name) == source && !bytes.Equal(fsys.Files(source)[filepath.Base(name)], b) {
			return fmt.Errorf("%s is not what it was", name)
		}
	}
	there, err := list(fsys, c.to)
	switch {
	case errors.Is(err, fs.ErrNotExist) && c.before == nil:
	case err != nil:
		return err
	case c.before != nil && same(there, c.before) == nil:
	case same(there, c.after) != nil:
		return fmt.Errorf("the destination has %d events, which is neither the old nor the new: %w", len(there), same(there, c.after))
	}
	finished := err == nil && same(there, c.after) == nil
	if err == nil {
		found, err := host.Verify(ctx, c.to, host.ReaderOptions{FS: fsys, Logger: quiet}, nil)
		if err = errors.Join(err, found.Err()); err != nil {
			return fmt.Errorf("before the next try: %w", err)
		}
	}
	if err := c.run(fsys); err != nil && !(finished && errors.Is(err, fs.ErrExist)) {
		return fmt.Errorf("the next try: %w", err)
	}
	there, err = list(fsys, c.to)
	if err == nil {
		err = same(there, c.after)
	}
	if err != nil {
		return fmt.Errorf("after the next try: %w", err)
	}
	found, err := host.Verify(ctx, c.to, host.ReaderOptions{FS: fsys, Logger: quiet}, nil)
	return errors.Join(err, found.Err())
}

// TestCopiesPowerCuts cuts the power before operations of backups and forks, in many ways.
func TestCopiesPowerCuts(t *testing.T) {
	least := setting(t, "THAW_CRASH_STATES", 1200) / 4
	if testing.Short() || raceEnabled {
		least = 40
	}
	for i, c := range copyings(t, setting(t, "THAW_CRASH_SEED", 1)) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			states := uint64(0)
			for round := uint64(1); states < least; round++ {
				random := rand.New(rand.NewPCG(round, uint64(i)))
				fsys := crashfs.FromFiles(c.files)
				var failed error
				fsys.OnOp(func(op crashfs.Op) {
					if failed != nil || random.IntN(3) > 0 {
						return
					}
					for _, cut := range cuts(op, random, 1) {
						if random.IntN(3) > 0 {
							continue
						}
						states++
						if err := c.check(fsys.Crash(cut)); err != nil && failed == nil {
							failed = fmt.Errorf("round %d, operation %d, %s %s, %+v: %w", round, op.N, op.Kind, op.Name, cut, err)
						}
					}
				})
				err := c.run(fsys)
				fsys.OnOp(nil)
				require.NoError(t, failed)
				require.NoError(t, err)
				require.NoError(t, c.check(fsys.Crash(crashfs.Cut{})), "what a copy that returned wrote is on disk")
				after, err := list(fsys.Crash(crashfs.Cut{}), c.to)
				require.NoError(t, err)
				require.NoError(t, same(after, c.after))
			}
			t.Logf("%d states", states)
		})
	}
}

// TestCopiesFail makes each operation of backups and forks fail, once or from then on, with or
// without an effect.
func TestCopiesFail(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("slow, and nothing in it runs at the same time")
	}
	for _, c := range copyings(t, 3) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for n := 1; ; n++ {
				fired := false
				for _, rule := range []failfs.Rule{{}, {Forever: true}, {Applied: true}} {
					fsys := crashfs.FromFiles(c.files)
					failing := failfs.New(fsys)
					rule.Kinds, rule.Nth = failfs.Changes|failfs.Reads|failfs.OpenWrite, n
					if n%2 == 0 {
						rule.Short = 3
					}
					fault := failing.Fail(rule)
					err := c.run(failing)
					if fault.Fired() > 0 {
						fired = true
					} else {
						require.NoError(t, err)
					}
					if err == nil { // then it is there, also after a power cut
						for _, fsys := range []*crashfs.FS{fsys, fsys.Crash(crashfs.Cut{})} {
							there, listErr := list(fsys, c.to)
							require.NoError(t, listErr)
							require.NoError(t, same(there, c.after), "operation %d, %+v", n, rule)
						}
					}
					require.NoError(t, c.check(fsys), "operation %d, %+v, %v", n, rule, err)
				}
				if !fired {
					t.Logf("%d operations", n-1)
					break
				}
				n += 2 // one operation in three
			}
		})
	}
}
