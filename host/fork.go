package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/kindnames"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
	"github.com/thawlog/thaw/fsabstraction"
)

// Errors of [Fork] and [Backup].
var (
	// ErrCopyDiffers: a file that was copied is not read back as it was written.
	ErrCopyDiffers = errors.New("thaw: the copy differs from what was written")
	// ErrCopyInside: the destination is the store itself, or one of the two is in the other.
	ErrCopyInside = errors.New("thaw: the destination and the store are not apart")
	// ErrCopyDamaged: the store is damaged, and so would the copy be. Salvage it instead, or see
	// BackupOptions.AcceptDamage. A fork notices what an open notices, and segments that are
	// missing or cut off; Verify reads every byte.
	ErrCopyDamaged = errors.New("thaw: the store is damaged")
)

// ForkOptions are the options of [Fork]. The zero value is ready to use.
type ForkOptions struct {
	// FS is the file system of both directories, by default the operating system's.
	FS fsabstraction.FS
	// NoLinks copies every segment, so that the fork shares no bytes with its origin, which a
	// failing disk would lose for both.
	NoLinks bool
	// Logger is used as in [Options].
	Logger *slog.Logger
	// Now is the clock of the new identity, by default time.Now.
	Now func() time.Time
}

// ForkResult says what [Fork] made.
type ForkResult struct {
	// Identity is the fork's own, and Origin the store and the last event that it has in common
	// with it.
	Identity Position
	Origin   Origin
	// Linked, Cloned and Copied count the files that are the origin's own under a second name,
	// that share its bytes until one of the two is written, and that were copied.
	Linked, Cloned, Copied int
	// CopiedBytes is the size of the copied files.
	CopiedBytes uint64
	// Replay is how many events the first open reads from segments, since no index covers
	// them. Close after it writes an index.
	Replay uint64
	Took   time.Duration
}

// Fork makes a store in the new directory dst that is the one in dir as it was after the event
// with a sequence: that event, hidden or not, and everything before it. If the event is an item
// of a batch, the fork ends after the batch, since a batch is whole or does not exist; Origin of
// the result says where it ends. The fork is a store of its own: it has its own identity, and
// appends to it or to the origin do not concern the other.
//
// Fork opens the origin as a reader, so it works beside a writer and writes nothing to it, but
// a link counts as a change of a file's status. Segments before the event are linked, or
// cloned, or copied, as the file system allows; no thaw writes a sealed segment in place. The
// segment that holds the event is copied up to it and gets a footer; index files that cover
// nothing else are linked too. So a fork takes as long as the copy of one segment, whatever
// the size of the store, and as one call per segment before it.
//
// The fork is made in dst.unfinished and renamed at the end: after a crash dst does not exist,
// and another Fork begins again. dst must not exist. A damaged store is refused with
// [ErrCopyDamaged]; no event with the sequence is [ErrNotFound].
func Fork(ctx context.Context, dir string, sequence uint64, dst string, o ForkOptions) (ForkResult, error) {
	start := time.Now()
	full := Options{FS: o.FS, Logger: o.Logger, Now: o.Now}.withDefaults()
	r, err := fork(ctx, dir, sequence, dst, &full, o.NoLinks)
	if err != nil {
		return ForkResult{}, failedAt("fork", dir, err)
	}
	r.Took = time.Since(start)
	return r, nil
}

func fork(ctx context.Context, dir string, sequence uint64, dst string, o *Options, noLinks bool) (r ForkResult, err error) {
	if err := ctx.Err(); err != nil {
		return r, err
	}
	if err := checkApart(o.FS, dir, dst); err != nil {
		return r, err
	}
	if _, err := o.FS.Lstat(dst); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = fmt.Errorf("%s: %w", dst, fs.ErrExist)
		}
		return r, err
	}
	for try := 1; ; try++ {
		var u *unfinished
		r, u, err = forkOnce(ctx, dir, sequence, dst, o, noLinks)
		if err == nil {
			return r, nil
		}
		if u != nil {
			err = errors.Join(err, u.drop())
		}
		if !sourceChanged(err) || try == copyTries {
			return r, err
		}
	}
}

// forkOnce makes one try. After an error the caller drops u, unless it is nil.
func forkOnce(ctx context.Context, dir string, sequence uint64, dst string, o *Options, noLinks bool) (r ForkResult, u *unfinished, err error) {
	reader := o.reader()
	origin, plan, err := planFork(ctx, dir, sequence, &reader)
	if err != nil {
		return r, nil, err
	}
	defer func() { err = errors.Join(err, origin.files.release()) }()
	s := origin.snapshot
	if u, err = beginUnfinished(ctx, o, dst); err != nil {
		return r, u, err
	}
	if err := u.clear(nil); err != nil { // of an interrupted fork
		return r, u, err
	}
	c := &copier{ctx: ctx, fs: o.FS, dir: dir, link: true, noLinks: noLinks, noClones: noLinks}
	if err := c.begin(origin.files); err != nil {
		return r, u, err
	}
	l, err := forkLineage(s, plan, new(ids).next(o.Now().UnixMilli(), rand.Uint64()))
	if err != nil {
		return r, u, err
	}
	if err := c.settled(c.fork(u.path, plan, l)); err != nil {
		return r, u, err
	}
	if err := c.unchanged(s); err != nil {
		return r, u, err
	}
	if err := checkFork(ctx, u.path, &reader, plan); err != nil {
		return r, u, err
	}
	r = ForkResult{
		Identity: Position{Store: l.Identity, Sequence: plan.End}, Origin: *l.Origin, Replay: plan.Replay,
		Linked: c.Linked, Cloned: c.Cloned, Copied: c.Copied, CopiedBytes: c.Bytes,
	}
	return r, u, u.finish()
}

// planFork opens the origin, up to where its index ends if that is far enough: what no index
// covers has to be read from segments.
func planFork(ctx context.Context, dir string, sequence uint64, o *ReaderOptions) (origin contents, plan *store.Copying, err error) {
	for _, indexOnly := range []bool{true, false} {
		if origin, err = openBy(ctx, dir, o, nil, opening{indexOnly: indexOnly}); err != nil {
			return origin, nil, err
		}
		report := origin.snapshot.Report()
		if damaged := report.Damaged(); damaged != nil {
			err = fmt.Errorf("%w: %w", ErrCopyDamaged, damaged)
		} else if plan, err = origin.snapshot.CopyUpTo(sequence); err == nil {
			if err = whole(origin.snapshot, plan); err == nil {
				return origin, plan, nil
			}
		}
		err = errors.Join(err, origin.files.release())
		if !errors.Is(err, ErrNotFound) && !errors.Is(err, store.ErrSpans) {
			break
		}
	}
	return origin, nil, err
}

// whole refuses to copy segments that have lost their end.
func whole(s *store.Snapshot, plan *store.Copying) error {
	d, err := s.Shortened(plan)
	if err != nil || d == nil {
		return err
	}
	if swapped, err := s.Swapped(); err != nil || swapped {
		return cmp.Or(err, errSourceChanged)
	}
	return fmt.Errorf("%w: %w", ErrCopyDamaged, d)
}

// forkLineage returns the store.thaw of a fork.
func forkLineage(s *store.Snapshot, plan *store.Copying, id event.ID) (*lineage.Lineage, error) {
	origin, err := s.Identity()
	if err != nil {
		return nil, err
	}
	was, err := s.Lineage()
	if err != nil {
		return nil, err
	}
	l := &lineage.Lineage{Identity: id, NextSequence: plan.End, Origin: &lineage.Origin{Store: origin, Sequence: plan.End - 1}}
	if was != nil {
		l.Generation = was.Generation
		l.Removals = was.CutTo(plan.End)
	}
	return l, nil
}

// fork fills the directory of a fork. The footer of its last segment is made meanwhile.
func (c *copier) fork(dir string, plan *store.Copying, l *lineage.Lineage) error {
	made := make(chan error, 1)
	go func() { made <- plan.MakeFooter() }()
	footer := sync.OnceValues(func() ([]byte, error) {
		err := <-made
		return plan.Footer, err
	})
	defer func() { _, _ = footer() }() // it reads the origin
	for _, e := range plan.Segments {
		if err := c.whole(e.Name, filepath.Join(dir, e.Name), e.Size); err != nil {
			return err
		}
	}
	if plan.Last != "" {
		if err := c.file(plan.Last, filepath.Join(dir, plan.Last), plan.Keep, footer); err != nil {
			return err
		}
	}
	for _, name := range plan.Index {
		info, err := c.fs.Lstat(c.source(name))
		if errors.Is(err, fs.ErrNotExist) { // replaced by a larger one
			break
		}
		if err == nil {
			err = c.whole(name, filepath.Join(dir, name), uint64(info.Size))
		}
		if err != nil {
			return err
		}
	}
	names, err := c.small(kindnames.FileName)
	if err == nil && names != nil {
		err = c.put(filepath.Join(dir, kindnames.FileName), names)
	}
	if err == nil && len(plan.Hidden) > 0 {
		err = c.put(filepath.Join(dir, visibility.FileName), visibility.AppendFile(nil, plan.Hidden))
	}
	if err == nil {
		err = c.put(filepath.Join(dir, lineage.FileName), lineage.AppendFile(nil, l))
	}
	return err
}

// checkFork opens a fork without reading the events that no index covers. An index file that
// was replaced while it was linked covers events that the fork lacks, and is refused: then the
// fork is made again.
func checkFork(ctx context.Context, dir string, o *ReaderOptions, plan *store.Copying) (err error) {
	files := newDirectory(dir, o)
	defer func() { err = errors.Join(err, files.release()) }()
	s, err := store.Open(files, store.Options{Seed: rand.Uint64(), Hash: digest, Parallel: parallel, Stop: ctx.Err, IndexOnly: true})
	if err != nil {
		return err
	}
	report := s.Report()
	if len(report.Rejected) > 0 || s.LastEnd() > plan.End {
		return fmt.Errorf("%w: %w", errSourceChanged, errors.Join(refusals(report.Rejected)...))
	}
	return report.Damaged()
}

func refusals(rejected []*Refusal) []error {
	out := make([]error, len(rejected))
	for i, r := range rejected {
		out[i] = r
	}
	return out
}
