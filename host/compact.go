package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/thawlog/thaw/core/compact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/store"
)

// Verdict says what a compaction makes of an event.
type Verdict = compact.Verdict

// The verdicts of a [Compaction].
const (
	// KeepEvent leaves the event as it is.
	KeepEvent = compact.Keep
	// DropEvent removes the event.
	DropEvent = compact.Drop
	// TombstoneEvent removes payload and metadata, and gives the event the kind 0x0FFE.
	TombstoneEvent = compact.Tombstone
	// RedactEvent removes payload and metadata; the event keeps its kind. Read returns a
	// *RedactedError then.
	RedactEvent = compact.Redact
)

// Compaction says what [Store.Compact] does. The zero value merges small segments and removes
// nothing.
type Compaction struct {
	// Judge decides about each event, by what the index knows of it: e has no payload and
	// no time of its own. It is called once for each event in order of sequence, those of
	// cancelled fences included, in the goroutine of the caller. nil keeps all.
	Judge func(e event.Event) Verdict
	// SegmentSize bounds the new segments, in bytes, by default as Options.SegmentSize.
	SegmentSize int64
	// OnlyChanged leaves segments alone of which no event is removed or changed, also small
	// ones that could be merged.
	OnlyChanged bool
	// DryRun only counts what would be removed and how many bytes. It writes nothing, and does
	// not seal the segment that is being written, whose events it leaves out; the open and the
	// close of the store do what they always do.
	DryRun bool
	// Progress, when set, is called now and then with the bytes of segments that were
	// read, in the goroutine of the caller; done rises to total.
	Progress func(done, total uint64)
}

// CompactResult is what a compaction did, or a dry run found.
type CompactResult struct {
	// Events, Dropped, Tombstoned and Redacted count the judged events: those that stay as
	// they are, and the others.
	Events, Dropped, Tombstoned, Redacted uint64
	// Replaced is the number of segments that were replaced, Segments that of the new
	// ones. Both are 0 if there was nothing to do.
	Replaced, Segments int
	// Before and After are the lengths of these segments in bytes. A dry run estimates
	// After.
	Before, After uint64
	// Generation is that of the store afterwards.
	Generation uint64
	Took       time.Duration
}

// Reclaimed returns by how many bytes the segments became shorter.
func (r *CompactResult) Reclaimed() uint64 { return r.Before - min(r.After, r.Before) }

// Errors of [Store.Compact].
var (
	// ErrRemoved is the class of every *[RemovedError].
	ErrRemoved = store.ErrRemoved
	// ErrVerdict is returned for a Compaction.Judge that returns none of the verdicts.
	ErrVerdict = compact.ErrVerdict
	// ErrUnfinished is returned for a compaction that may have taken effect, but could not be
	// finished: reopen the store. Until then it is read and written, with the segments of
	// before or with the new ones, but compacts nothing and writes no index.
	ErrUnfinished = errors.New("thaw: a compaction is not finished; reopen the store")
)

// RemovedError reports an event that a compaction has removed since a snapshot was taken or
// an iteration begun: Read and Get of it, and a ReadEach that comes to it, return it. It is no
// damage.
type RemovedError = store.RemovedError

// NumbersError reports that batpak gave out sequences twice, and cancelled events among them:
// a compaction could show or hide others.
type NumbersError = compact.NumbersError

// Compact replaces segments by fewer or smaller ones, without the events that c removes. It
// first seals the segment that is being written, so that every event appended before is
// judged; events appended meanwhile stay. Sequences, clocks, ids, kinds, times and payloads of
// all events that stay remain as they are.
//
// Appends and queries go on meanwhile. A compaction pauses while appends are synced, for about
// half of its time at most, and then works with a low priority (on Linux), which makes it slow where
// other programs take all processors. The new files take the place of the old ones in one step:
// after a crash either the old ones count or the new ones. Snapshots, iterations and followers
// of before it, also in other processes, keep what they have; only an event that was removed
// can no longer be read, which is a *[RemovedError].
//
// When ctx ends before that step, or anything fails, the store is as it was. It refuses a
// damaged store with [ErrDamaged]: salvage it first. [ErrUnfinished] says that the step was
// done, or may have been, and what follows it not.
//
// What is left in the store decides how it goes on, at once and after another open alike: an
// entity's next clock is one above the highest that it has left, or 0 if all its events were
// dropped, so clocks of dropped events may be given out again. The id of a dropped event is
// free: an append with it is no repetition. That of a tombstoned or redacted one is not. Sequences
// are never given out again: a dropped event leaves a gap.
//
// At most one compaction of a store runs at a time; others wait.
func (s *Store) Compact(ctx context.Context, c Compaction) (CompactResult, error) {
	start := time.Now()
	s.entering.Lock()
	if s.closing {
		s.entering.Unlock()
		return CompactResult{}, ErrClosed
	}
	s.inside.Add(1) // Close waits, but not long: it ends ctx
	s.entering.Unlock()
	defer s.inside.Done()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-s.closed:
			cancel(ErrClosed)
		case <-ctx.Done():
		}
	}()
	size := c.SegmentSize
	if size <= 0 {
		size = s.options.SegmentSize
	}
	x := newCompacting(s.flusher, s.path)
	x.writer, x.dryRun = s.writer, c.DryRun
	stop := func() error {
		x.pause()
		return context.Cause(ctx)
	}
	x.plan = compact.Plan{SegmentSize: uint64(size), OnlyChanged: c.OnlyChanged, Progress: c.Progress, Stop: stop}
	if c.Judge != nil {
		x.plan.Judge = func(e *event.Event) Verdict { return c.Judge(*e) }
	}
	if f := s.flusher; !f.compacting.TryLock() {
		f.asked.Add(1)
		f.compacting.Lock()
		f.asked.Add(-1)
		defer f.askMerge()
	}
	defer s.flusher.compacting.Unlock()
	err := x.run(func() (logEnd, error) {
		if c.DryRun {
			return s.flusher.lastSealed(), nil
		}
		return s.writer.settle()
	})
	x.result.Took = time.Since(start)
	if err != nil && !errors.Is(err, ErrClosed) && context.Cause(ctx) != err {
		err = failedAt("compact", s.path, err)
	}
	return x.result, err
}

// compacting is the state of one compaction. flusher.compacting must be held.
type compacting struct {
	flusher *flusher
	writer  *writer
	path    string
	dryRun  bool
	quiet   bool // in the background, perhaps during a close
	pauses  *pauses
	pause   func() // of the goroutine that does the work
	plan    compact.Plan
	result  CompactResult

	end   logEnd // of the last sealed segment
	sizes *segmentSizes
	done  *compact.Result
	tags  *index.Tags
}

func newCompacting(f *flusher, path string) *compacting {
	p := f.appends.pauses()
	return &compacting{flusher: f, path: path, pauses: p, pause: p.pause}
}

// stuckError returns an error if the files of a swap are not finished.
func (f *flusher) stuckError() error {
	if f.stuck.Load() {
		return ErrUnfinished
	}
	return nil
}

// run does the compaction up to the end that settle returns.
func (x *compacting) run(settle func() (logEnd, error)) error {
	f := x.flusher
	if err := errors.Join(x.plan.Stop(), f.stuckError()); err != nil {
		return err
	}
	var err error
	if x.end, err = settle(); err != nil {
		return err
	}
	v, err := f.versions.acquire()
	if err != nil {
		return err
	}
	defer v.release()
	if err := sound(v.snapshot, false); err != nil {
		return err
	}
	x.result.Generation = v.snapshot.Generation()
	if x.sizes, err = listSegments(f.index.fs, f.index.dir, x.end.at); err != nil {
		return err
	}
	ids := x.sizes.ids
	if len(ids) == 0 {
		return nil
	}
	if x.plan.To == 0 {
		x.plan.From, x.plan.To = ids[0], ids[len(ids)-1]
	}
	x.plan.Segments, x.plan.Settled = ids, true // up to x.end
	if x.dryRun {
		r, err := compact.Measure(v.snapshot, x.plan)
		if err != nil {
			return x.damaged(err)
		}
		x.count(r)
		return nil
	}
	swap, err := beginSwap(f.index.fs, f.index.dir)
	if err != nil {
		return err
	}
	err = x.write(v, swap)
	if errors.Is(err, errNothing) {
		return swap.Abort()
	}
	if err == nil {
		return x.switchOver(swap)
	}
	return errors.Join(err, swap.Abort())
}

// errNothing is the error of write if there is nothing to replace.
var errNothing = errors.New("nothing to compact")

// damaged adds ErrDamaged to damage.
func (x *compacting) damaged(err error) error {
	var d *compact.DamageError
	if errors.As(err, &d) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

func (x *compacting) count(r *compact.Result) {
	c := &x.result
	c.Events, c.Dropped, c.Tombstoned, c.Redacted = r.Events, r.Dropped, r.Tombstoned, r.Redacted
	c.Replaced, c.Segments, c.Before, c.After = len(r.Replaced), len(r.Files), r.Before, r.After
}

// lineageFile returns what store.thaw says afterwards.
func (x *compacting) lineageFile(v *version) (*lineage.Lineage, error) {
	old, err := v.snapshot.Lineage()
	if err != nil {
		return nil, err
	}
	l := old.Clone()
	l.Generation++
	l.NextSequence = max(l.NextSequence, v.snapshot.Report().NextSequence, x.end.next)
	if len(x.done.Removals) == 0 {
		return l, nil
	}
	if l.Identity.IsZero() { // that of the first event, which may go
		if l.Identity, err = v.snapshot.Identity(); err != nil {
			return nil, err
		}
	}
	now := uint64(max(x.flusher.options.Now().UnixMilli(), 0))
	for _, r := range x.done.Removals {
		r.WallMS = now
		l.Add(r)
	}
	return l, nil
}

// logDone logs a compaction that is over.
func (x *compacting) logDone() {
	r := &x.result
	x.flusher.options.Logger.Debug("thaw: segments were compacted", slog.String("store", x.path),
		slog.Int("replaced", r.Replaced), slog.Int("segments", r.Segments), slog.Uint64("reclaimed", r.Reclaimed()),
		slog.Uint64("removed", r.Dropped+r.Tombstoned+r.Redacted))
}
