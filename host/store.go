package host

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/host/internal/tuning"
)

// Store is a store that is open for writing, and for reading: its queries see
// every append that has returned. There is one Store of a directory at a time;
// readers, here and in other processes, are not kept out. All methods are safe
// for concurrent use.
type Store struct {
	Queries

	path    string
	options Options
	ids     ids
	lock    fsabstraction.Lock // nil when unlocked
	writer  *writer

	requests chan *request
	quit     chan struct{} // closed when the writer is done
	entering sync.Mutex    // guards closing, report, and that inside grows
	closing  bool
	closed   chan struct{}  // closed by Close
	inside   sync.WaitGroup // of those who may send a request

	committed committed

	seeing  sync.Mutex // guards what follows; held only for moments
	view    *view      // nil when closed
	run     appended
	next    uint64 // the sequence behind run
	past    view   // what the writer's log goes on behind, in the files of view
	active  active
	growing sync.Mutex // one goroutine at a time changes the view

	// forgettable is how many of the events that were appended are in past, so that
	// the writer can do without.
	forgettable atomic.Int64

	folds     tuning.Folds
	rotations chan rotation
	folded    chan struct{} // closed when no more indexes are written in the background

	report CloseReport
	skip   []string // snapshots that the open does not look at
}

// queueLength is how many appends may wait for the writer before others wait to
// be let in.
const queueLength = 1024

// Open opens the store in the directory at path for writing, and makes the
// directory when it is not there. It fails with a *[LockedError] when another writer
// has it open: at once, or after Options.LockWait. An unclean stop is put right first, which the
// report tells; nothing that was acknowledged is touched by it.
//
// ctx bounds the open alone. One that is done already makes nothing: no directory and
// no file. The caller must Close the store.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	o = o.withDefaults()
	if err := ctx.Err(); err != nil { // before anything is made
		return nil, failedAt("open", path, err)
	}
	if err := makeDirectory(o.FS, path); err != nil {
		return nil, failedAt("open", path, err)
	}
	l, err := lock(ctx, o.FS, path, &o)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, options: o, lock: l}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.unlock())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	reader := s.options.reader()
	v, err := openView(ctx, s.path, &reader, s.skip...)
	if err != nil {
		return err
	}
	var next uint64
	var end artifact.Watermark
	if err = unread(v); err == nil {
		next, end, err = s.recover(v)
	}
	if err == nil {
		v, err = s.renumber(ctx, v, end)
	}
	if err != nil {
		return errors.Join(err, v.files.release())
	}
	logView(ctx, s.options.Logger, s.path, "thaw: store opened for writing", v, nil)
	allocator := v.snapshot.Report().Allocator
	s.saveLookups(v)
	s.view, s.past, s.next = v, *v, allocator
	if s.folds = tuning.Of(ctx); s.options.TailLimit > 0 {
		s.folds.Rule.OpenWeight = s.options.TailLimit
	}
	s.rotations, s.folded = make(chan rotation, 1), make(chan struct{})
	s.committed.visible = allocator
	s.requests, s.quit = make(chan *request, queueLength), make(chan struct{})
	s.closed = make(chan struct{})
	s.Queries.acquire = s.acquire
	s.writer = &writer{
		fs:       s.options.FS,
		dir:      s.path,
		options:  &s.options,
		log:      commit.NewLog(livePast{s}, allocator, s.options.Random()),
		next:     next,
		end:      end,
		unsure:   v.recovered == nil && end.Segment > 0,
		mark:     newMarkFile(s.options.FS, s.path),
		requests: s.requests,
		publish:  s.publish,
		known:    func() int { return int(s.forgettable.Load()) },
		began:    s.began,
		grew:     s.grew,
		rotated:  s.rotated,
	}
	go s.foldRotations(s.folded)
	go s.writer.run(s.quit)
	return nil
}

// unread is the damage of a segment of which the rest was not looked at, which is no
// reason to write behind it: its events have numbers that nobody knows now and that
// would be given out again.
func unread(v *view) error {
	report := v.snapshot.Report()
	for _, d := range report.Damages {
		if replay.IsCutOff(d) {
			return failedAt("open for writing", v.files.path, d)
		}
	}
	return nil
}

// recover puts an unclean stop right. It returns the id of the segment to begin,
// and where the log ends.
func (s *Store) recover(v *view) (next uint64, end artifact.Watermark, err error) {
	r, err := v.snapshot.Recovery()
	if err != nil {
		return 0, end, failedAt("recover", s.path, err)
	}
	if v.recovered, err = recoverSegment(s.options.FS, s.path, &r); err != nil {
		return 0, end, err
	}
	if done := v.recovered; done != nil {
		level := slog.LevelInfo
		if done.SetAside != "" {
			level = slog.LevelWarn
		}
		s.options.Logger.Log(context.Background(), level, "thaw: an unclean stop was put right",
			slog.String("store", s.path), slog.String("file", done.File), slog.Uint64("kept", done.Kept),
			slog.Uint64("cut", done.Cut), slog.String("set_aside", done.SetAside))
	}
	if done := v.recovered; done != nil && !done.Removed {
		if err := v.files.add(done.File); err != nil { // the name leads to another file now
			return 0, end, err
		}
	}
	var keep []string
	// Of a damaged store every part stays: one that was not taken may be all that
	// tells which events are lost. So may one that could not be read.
	report := v.snapshot.Report()
	if report.OpenedFrom == store.FromIndex && report.Damaged() == nil && unheard(v.snapshot) == nil {
		keep = v.snapshot.FileNames(len(v.snapshot.FileParts()))
	}
	if err := removeLeftovers(s.options.FS, s.path, keep); err != nil { // only the next index.fbati needs that
		s.leftover(err)
	}
	end.Segment, end.Offset, err = v.files.newest()
	return r.Next, end, err
}

// makeDirectory makes a directory whose name survives power loss.
func makeDirectory(fsys fsabstraction.FS, path string) error {
	var made []string
	for dir := filepath.Clean(path); ; dir = filepath.Dir(dir) {
		_, err := fsys.Lstat(dir)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		made = append(made, dir)
		if dir == filepath.Dir(dir) {
			break
		}
	}
	if len(made) == 0 {
		return nil
	}
	if err := fsys.MkdirAll(path); err != nil {
		return err
	}
	for _, dir := range made {
		if err := syncDir(fsys, filepath.Dir(dir)); err != nil {
			// The next open would take a name that is there for one that is on disk.
			for _, dir := range made {
				if undo := fsys.Remove(dir); !errors.Is(undo, fs.ErrNotExist) {
					err = errors.Join(err, undo)
				}
			}
			return err
		}
	}
	return nil
}

// publish shows readers what was committed. It is called by the writer.
func (s *Store) publish(run appended, visible uint64) {
	s.seeing.Lock()
	s.run, s.next = run, visible
	s.seeing.Unlock()
	s.committed.advance(visible)
}

// acquire lends out a view of everything that was committed.
func (s *Store) acquire() (*view, func(), error) {
	v, behind, err := s.look()
	if err != nil || behind == 0 {
		return s.lend(v, err)
	}
	_ = v.files.release() // grow retains those of the view it returns
	s.growing.Lock()
	defer s.growing.Unlock()
	v, err = s.grow()
	return s.lend(v, err)
}

// look returns the present view and how many events it lacks. The view's files
// are retained for the caller.
func (s *Store) look() (v *view, behind int, err error) {
	s.seeing.Lock()
	defer s.seeing.Unlock()
	if s.view == nil {
		return nil, 0, ErrClosed
	}
	s.view.files.retain()
	return s.view, s.run.total() - s.view.snapshot.Appended(), nil
}

func (s *Store) lend(v *view, err error) (*view, func(), error) {
	if err != nil {
		return nil, nil, err
	}
	return v, func() { _ = v.files.release() }, nil
}

// grow makes the view cover what was committed and returns it, retained. growing
// is held.
func (s *Store) grow() (*view, error) {
	v, behind, err := s.look()
	if err != nil || behind == 0 {
		return v, err
	}
	s.seeing.Lock()
	run, next, closed := s.run, s.next, s.view == nil
	s.seeing.Unlock()
	if closed { // meanwhile, and run is gone
		return nil, errors.Join(ErrClosed, v.files.release())
	}
	snapshot, err := v.snapshot.Grow(run.behind(v.snapshot.Appended()), next)
	if err != nil {
		return nil, errors.Join(err, v.files.release())
	}
	n := *v
	n.snapshot = snapshot
	s.seeing.Lock()
	defer s.seeing.Unlock()
	if s.view != nil {
		s.view = &n
	}
	return &n, nil
}

// Snapshot pins the store as it is now, for several questions about one moment.
// The caller must Close it.
func (s *Store) Snapshot() (*Snapshot, error) { return pin(s.acquire()) }

// CloseReport says what a close did besides making the log durable.
type CloseReport struct {
	// IndexWritten says that index.fbati and index.thaw were written anew, or a
	// part file behind them.
	IndexWritten bool
	// IndexError is why it could not be. The events are safe; the next open reads
	// them from the segments.
	IndexError error
	Took       time.Duration
}

// saveLookups writes index.thaw when the lookups of index.fbati had to be made:
// another program wrote that. The next open then finds them.
func (s *Store) saveLookups(v *view) {
	if !v.snapshot.LacksLookups() {
		return
	}
	err := replaceFile(s.options.FS, s.path, index.FileName, func(f fsabstraction.WriteFile) error {
		return v.snapshot.SaveLookups(syncing(f, 0))
	})
	if err = errors.Join(err, syncDir(s.options.FS, s.path)); err != nil {
		s.options.Logger.Warn("thaw: index.thaw was not written", slog.String("store", s.path), slog.Any("error", err))
	}
}

// CloseReport tells about the close. It is empty before.
func (s *Store) CloseReport() CloseReport {
	s.entering.Lock()
	defer s.entering.Unlock()
	return s.report
}

// Close lets the appends that are under way end, makes everything durable, seals
// the segment, writes an index when that is worth it, and gives up the lock. It
// waits for an index that is being written, which is not stopped half way. An error
// means that something that was not yet durable may be lost; trouble with an index
// alone is in CloseReport. Iterations under way go on. A second Close is [ErrClosed].
func (s *Store) Close() error {
	start := time.Now()
	s.entering.Lock()
	if s.closing {
		s.entering.Unlock()
		return ErrClosed
	}
	s.closing = true
	close(s.closed)
	s.entering.Unlock()
	s.inside.Wait()
	close(s.requests)
	<-s.quit
	err := s.writer.finish()
	select {
	case <-s.rotations: // the close's own index covers it
	default:
	}
	close(s.rotations)
	<-s.folded
	report := CloseReport{}
	if err == nil {
		report.IndexWritten, report.IndexError = s.fold(rotation{s.run, s.next, s.writer.end}, flush.AtClose)
		if e := report.IndexError; e != nil {
			s.options.Logger.Warn("thaw: the index was not written", slog.String("store", s.path), slog.Any("error", e))
		}
	}
	s.committed.close()
	s.seeing.Lock()
	v := s.view
	// A closed store that somebody keeps holds nothing of what it read and wrote.
	s.view, s.past, s.run, s.active = nil, view{}, appended{}, active{}
	s.writer, s.requests, s.rotations = nil, nil, nil
	s.seeing.Unlock()
	err = errors.Join(err, v.files.release(), s.unlock())
	report.Took = time.Since(start)
	s.entering.Lock()
	s.report = report
	s.entering.Unlock()
	return err
}

func (s *Store) unlock() error {
	if s.lock == nil {
		return nil
	}
	return s.lock.Unlock()
}
