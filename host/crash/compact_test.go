package crash_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/host"
)

// verdicts are what compactions make of the events of these tests.
var verdicts = []struct {
	name  string
	judge func(event.Event) host.Verdict
	run   func(fsys fsabstraction.FS, c *compaction, seed uint64) error
}{
	{"merge", nil, runCompaction},
	{"drop", func(e event.Event) host.Verdict { return every(e.Sequence%3 == 0, host.DropEvent) }, runCompaction},
	{"tombstone", func(e event.Event) host.Verdict { return every(e.Sequence%4 == 1, host.TombstoneEvent) }, runCompaction},
	{"redact", func(e event.Event) host.Verdict { return every(e.Sequence%4 == 2, host.RedactEvent) }, runCompaction},
	{"sessions", nil, runSessions},
}

func every(is bool, v host.Verdict) host.Verdict {
	if is {
		return v
	}
	return host.KeepEvent
}

// kept is an event as it must stay.
type kept struct {
	event.Event
	payload string
}

// compaction is what the caller of a compaction knows.
type compaction struct {
	judge  func(event.Event) host.Verdict
	before []kept // acknowledged before it, whose events it judges
	after  []kept // acknowledged since
	// done is set when it returned without an error, and undone when with one that says
	// that nothing changed.
	done, undone bool
	// pending is set while an append runs, whose event may be there or not.
	pending bool
}

// appendKept appends an event, or a batch of three.
func (c *compaction) appendKept(s *host.Store, n int) (err error) {
	var items []host.Item
	for i := range 1 + 2*(n%2) {
		items = append(items, host.Item{At: event.At(fmt.Sprint("e", (n+i)%3), "s"), Kind: event.Data, Payload: fmt.Sprint("payload ", n, " ", i)})
	}
	c.pending = true
	receipts, err := s.AppendBatch(ctx, items)
	if err != nil {
		return err
	}
	for _, r := range receipts {
		full, err := s.Get(ctx, r.ID)
		if err != nil {
			return err
		}
		full.Position = event.Position{}
		c.after = append(c.after, kept{full.Event, string(full.Payload)})
	}
	c.pending = false
	return nil
}

// prepareCompaction fills a store with short sessions.
func prepareCompaction(fsys fsabstraction.FS, c *compaction, seed uint64) error {
	for n := range 5 {
		s, err := host.Open(ctx, dir, withFlushes(nil, options(fsys, seed+uint64(n))))
		if err != nil {
			return err
		}
		for i := range 3 {
			err = errors.Join(err, c.appendKept(s, 3*n+i))
		}
		if err := errors.Join(err, s.Close()); err != nil {
			return err
		}
	}
	return nil
}

// runCompaction opens the store, appends, compacts, appends and closes, until an error.
func runCompaction(fsys fsabstraction.FS, c *compaction, seed uint64) error {
	s, err := host.Open(ctx, dir, withFlushes(nil, options(fsys, seed+100)))
	if err != nil {
		return err
	}
	err = c.appendKept(s, 15)
	c.before, c.after = slices.Concat(c.before, c.after), nil
	if err == nil {
		_, err = s.Compact(ctx, host.Compaction{Judge: c.judge, SegmentSize: 8 << 10})
		c.done = err == nil
		c.undone = err != nil && !errors.Is(err, host.ErrUnfinished)
	}
	for n := 16; n < 18 && err == nil; n++ {
		err = c.appendKept(s, n)
	}
	return errors.Join(err, s.Close())
}

// runSessions appends in short sessions whose closes merge the segments of those before.
func runSessions(fsys fsabstraction.FS, c *compaction, seed uint64) error {
	way := *defaultFlushes
	way.Segments.Together = 3
	for n := 15; n < 18; n++ {
		o := options(fsys, seed+uint64(100+n))
		o.SegmentSize = 64 << 10
		s, err := host.Open(ctx, dir, withFlushes(&way, o))
		if err != nil {
			return err
		}
		if err := errors.Join(c.appendKept(s, n), s.Close()); err != nil {
			return err
		}
	}
	c.done = true
	return nil
}

// checkCompaction requires that a store is the one of before the compaction or the one of
// after it (D4, D5, D9, D12, D13), whichever way it is opened, and as often as it is (F28).
func checkCompaction(fsys *crashfs.FS, c *compaction) error {
	r, err := host.OpenReader(ctx, dir, host.ReaderOptions{FS: fsys, Logger: quiet, Strict: true})
	if err != nil {
		return fmt.Errorf("read as it is: %w", err)
	}
	seen, err := c.compare(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return fmt.Errorf("read as it is: %w", err)
	}
	for i := range 2 {
		if err := verify(fsys, fmt.Sprint("at open ", i)); err != nil {
			return err
		}
		s, err := host.Open(ctx, dir, withFlushes(nil, options(fsys, 1_000_000+uint64(i))))
		if err != nil {
			return fmt.Errorf("open %d: %w", i, err)
		}
		again, err := c.compare(s)
		if err == nil {
			err = same(seen, again)
		}
		if err == nil && i == 1 { // no sequence is given out twice
			if _, err = s.Append(ctx, event.At("e", "s"), event.Data, "one more"); err == nil {
				seen, err = events(s)
			}
			if err == nil && seen[len(seen)-1].Sequence < uint64(len(c.before)+len(c.after)) {
				err = fmt.Errorf("sequence %d was given out again", seen[len(seen)-1].Sequence)
			}
		}
		if err := errors.Join(err, s.Close(), s.CloseReport().IndexError); err != nil {
			return fmt.Errorf("open %d: %w", i, err)
		}
		if err := noLeftovers(fsys); err != nil {
			return fmt.Errorf("open %d: %w", i, err)
		}
	}
	if err := verify(fsys, "at last"); err != nil {
		return err
	}
	last, err := readOnly(fsys)
	if err == nil {
		err = same(seen, last)
	}
	return err
}

func noLeftovers(fsys *crashfs.FS) error {
	for name := range fsys.Files(dir) {
		for _, end := range []string{".swap", ".tmp", "swap.thaw", ".scratch"} {
			if len(name) > len(end) && name[len(name)-len(end):] == end || name == end {
				return fmt.Errorf("%s is left", name)
			}
		}
	}
	return nil
}

// compare compares what a reader sees with the events that must be there.
func (c *compaction) compare(r host.Reader) ([]event.Event, error) {
	seen, err := events(r)
	if err != nil {
		return nil, err
	}
	old, compacted := 0, 0
	check := func(k kept, judged bool) error {
		v := host.KeepEvent
		if judged && c.judge != nil {
			v = c.judge(k.Event)
		}
		i, ok := slices.BinarySearchFunc(seen, k.Sequence, func(e event.Event, n uint64) int { return int(e.Sequence) - int(n) })
		if !ok {
			if v != host.DropEvent {
				return fmt.Errorf("event %d is lost", k.Sequence)
			}
			compacted++
			return nil
		}
		full, err := r.Read(ctx, seen[i])
		is := full.Event
		is.Position = event.Position{}
		if v == host.KeepEvent {
			if err != nil || is != k.Event || string(full.Payload) != k.payload {
				return fmt.Errorf("event %d changed from %+v to %+v, %w", k.Sequence, k, full, err)
			}
			return nil
		}
		if err == nil && is == k.Event && string(full.Payload) == k.payload {
			old++
			return nil
		}
		is.Kind, is.TimestampUS, is.Timed = k.Kind, k.TimestampUS, k.Timed
		switch {
		case v == host.DropEvent, is != k.Event, len(full.Payload) > 0:
		case v == host.TombstoneEvent && err == nil && full.Kind == event.Tombstone,
			v == host.RedactEvent && errors.Is(err, host.ErrRedacted) && full.Kind == k.Kind:
			compacted++
			return nil
		}
		return fmt.Errorf("event %d is %+v, %w", k.Sequence, full, err)
	}
	known := 0
	for _, k := range c.before {
		if err := check(k, true); err != nil {
			return nil, err
		}
	}
	for _, k := range c.after {
		if err := check(k, false); err != nil {
			return nil, err
		}
	}
	switch {
	case old > 0 && compacted > 0:
		return nil, fmt.Errorf("a mix: %d events as before the compaction, and %d as after it", old, compacted)
	case c.done && old > 0:
		return nil, fmt.Errorf("the compaction was done, and %d events are as before", old)
	case c.undone && compacted > 0:
		return nil, fmt.Errorf("the compaction failed, and %d events are as after it", compacted)
	}
	for i, e := range seen {
		if i > 0 && e.Sequence <= seen[i-1].Sequence {
			return nil, fmt.Errorf("sequence %d comes after %d", e.Sequence, seen[i-1].Sequence)
		}
		if e.Sequence < uint64(len(c.before)+len(c.after)) {
			known++
		}
	}
	if more := len(seen) - known; more > 0 && !c.pending && seen[len(seen)-1].Entity != "e" {
		return nil, fmt.Errorf("%d events that were never appended", more)
	}
	return seen, nil
}

// TestCompactionPowerCuts cuts the power before every operation of a compaction of each kind,
// in the ways of all power cuts.
func TestCompactionPowerCuts(t *testing.T) {
	seed, density := setting(t, "THAW_CRASH_SEED", 1), int(setting(t, "THAW_COMPACT_DENSITY", 1))
	step := int(setting(t, "THAW_CRASH_STEP", 3))
	if raceEnabled {
		step = raceStep()
	}
	for number, v := range verdicts {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			start, known := crashfs.New(), compaction{judge: v.judge}
			require.NoError(t, prepareCompaction(start, &known, seed))
			random := rand.New(rand.NewPCG(seed, uint64(number)))
			states := 0
			for n := 1 + number%step; ; n += step {
				disk, c := start.Crash(crashfs.Cut{Survive: 100}), known
				var at crashfs.Op
				ops, stopped := 0, false
				var left []*crashfs.FS
				disk.OnOp(func(op crashfs.Op) {
					if ops++; ops == n {
						at, stopped = op, true
						for _, cut := range cuts(op, random, density) {
							left = append(left, disk.Crash(cut))
						}
						disk.StopAfter(op.N)
					}
				})
				err := v.run(disk, &c, seed)
				if !stopped {
					require.NoError(t, err)
					require.True(t, c.done)
					_, compacted := disk.Files(dir)["store.thaw"]
					require.True(t, compacted)
					left = append(left, disk.Crash(crashfs.Cut{Seed: seed, Survive: 50}))
				}
				for i, disk := range left {
					states++
					if err := checkCompaction(disk, &c); err != nil {
						t.Fatalf("%v\nbefore operation %d, %s %s, cut %d\nrepeat with THAW_CRASH_SEED=%d THAW_CRASH_STEP=%d", err, n, at.Kind, at.Name, i, seed, step)
					}
				}
				if !stopped {
					break
				}
			}
			t.Logf("%d states", states)
		})
	}
}

// TestCompactionFailures lets every operation of a compaction fail, once and from then on. It
// then says truly whether the store is compacted.
func TestCompactionFailures(t *testing.T) {
	seed, step := setting(t, "THAW_CRASH_SEED", 1), int(setting(t, "THAW_CRASH_STEP", 3))
	if raceEnabled {
		step = raceStep()
	}
	for number, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			v := verdicts[number%len(verdicts)]
			start, known := crashfs.New(), compaction{judge: v.judge}
			require.NoError(t, prepareCompaction(start, &known, seed))
			runs := 0
			for k := 1 + number%step; ; k += step {
				disk, c := start.Crash(crashfs.Cut{Survive: 100}), known
				fsys := failfs.New(disk)
				rule := f.rule
				rule.Nth = k
				fault := fsys.Fail(rule)
				err := v.run(fsys, &c, seed)
				if fault.Fired() == 0 {
					require.NoError(t, err)
					break
				}
				runs++
				for _, survive := range []int{100, 0, 50} {
					disk := disk.Crash(crashfs.Cut{Seed: uint64(k), Survive: survive})
					if err := checkCompaction(disk, &c); err != nil {
						t.Fatalf("operation %d, survive %d: %v\nrepeat with THAW_CRASH_SEED=%d THAW_CRASH_STEP=%d", k, survive, err, seed, step)
					}
				}
			}
			t.Logf("%d runs with a fault", runs)
		})
	}
}
