package host

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/fsabstraction"
)

// Open opens the store in the directory at path for writing, and creates the directory
// if it does not exist. If another writer has the store open, it fails with a
// *[LockedError], at once or after Options.LockWait. Open first recovers from an
// unclean stop and reports that in Report.Recovered; recovery keeps every acknowledged append.
//
// ctx bounds only the open. If it is already done, Open creates neither a directory nor
// a file. The caller must Close the store.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	o = o.withDefaults()
	if err := ctx.Err(); err != nil { // before anything is created
		return nil, failedAt("open", path, err)
	}
	if err := errors.Join(o.checkRecords(), o.checkKindNames()); err != nil {
		return nil, failedAt("open", path, err)
	}
	if err := makeDirectory(o.FS, path); err != nil {
		return nil, failedAt("open", path, err)
	}
	l, err := lock(ctx, o.FS, path, &o)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, options: o, lock: l, issuer: gate.NewIssuer(o.Policy)}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.unlock())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	if err := s.finishSwap(); err != nil {
		return err
	}
	reader := s.options.reader()
	s.mover = &mover{path: s.path, options: &reader, live: s.pinSwitched}
	c, err := openBy(ctx, s.path, &reader, s.mover, opening{scratch: s.spillSpace()}, s.skip...)
	if err == nil && c.snapshot.Spilled() {
		c, err = s.indexFirst(ctx, c)
	}
	if err != nil {
		return err
	}
	recovered := c.recovered
	var next uint64
	var end artifact.Watermark
	if err = cmp.Or(unread(&c), unnumbered(&c)); err == nil {
		next, end, err = s.recover(&c)
		c.recovered = cmp.Or(c.recovered, recovered)
	}
	if err == nil {
		c, err = s.renumber(ctx, c, end)
	}
	if err != nil {
		return errors.Join(err, c.files.release())
	}
	logOpen(ctx, s.options.Logger, s.path, "thaw: store opened for writing", &c, nil)
	s.options.saveKindNames(s.path)
	files := s.indexFiles()
	files.saveIndex(c.snapshot)
	c.log.next, c.log.at = c.snapshot.Report().NextSequence, end
	s.versions.start(c)
	s.queries.acquire = s.versions.acquire
	s.requests, s.quit = make(chan *request, queueLength), make(chan struct{})
	s.closed = make(chan struct{})
	s.flusher = newFlusher(&s.options, files, &s.versions)
	s.switching.Store(&s.flusher.switching)
	began := c.log.next
	rises := func(sequence uint64) bool { return sequence >= began }
	s.writer = &writer{
		fs:       s.options.FS,
		dir:      s.path,
		options:  &s.options,
		log:      commit.NewLog(history{versions: &s.versions, switched: s.pinSwitched, rises: rises}, began),
		next:     next,
		end:      end,
		unsure:   c.recovered == nil && end.Segment > 0,
		mark:     newMarkFile(s.options.FS, s.path),
		requests: s.requests,
		versions: &s.versions,
		flusher:  s.flusher,
	}
	go s.writer.run(s.quit)
	return nil
}

// indexFirst writes an index of a store whose tail is too long to be kept in memory, and opens
// the store with it. If the index cannot be written, the tail is read into memory.
func (s *Store) indexFirst(ctx context.Context, long contents) (contents, error) {
	err := cmp.Or(unread(&long), unnumbered(&long))
	report := long.snapshot.Report()
	if err == nil && report.Damaged() == nil { // else no index is written
		var end artifact.Watermark
		if _, end, err = s.recover(&long); err == nil {
			if failed := s.rebuildIndex(&long, end, false); failed != nil {
				files := s.indexFiles()
				files.notWritten(failed)
			}
		}
	}
	err = errors.Join(err, long.snapshot.DropSpilled(), long.files.release())
	if err != nil {
		return contents{}, err
	}
	reader := s.options.reader()
	c, err := openContents(ctx, s.path, &reader, s.mover, s.skip...)
	c.recovered = long.recovered
	return c, err
}

// pinSwitched is versions.pin after a compaction that is about to be read.
func (s *Store) pinSwitched() (*version, error) {
	if f := s.switching.Load(); f != nil {
		f.RLock()
		defer f.RUnlock()
	}
	return s.versions.pin()
}

// finishSwap finishes a swap of files that an earlier writer could not.
func (s *Store) finishSwap() error {
	found, err := finishSwap(s.options.FS, s.path, nil, nil)
	if err != nil {
		return failedAt("open", s.path, err)
	}
	if found {
		s.options.Logger.Info("thaw: an interrupted compaction was finished", slog.String("store", s.path))
	}
	return nil
}

// unread returns the damage of a segment whose remainder was not read. Nothing can be
// appended then: the events there have unknown numbers, which would be assigned again.
func unread(c *contents) error {
	report := c.snapshot.Report()
	for _, d := range report.Damages {
		if replay.IsCutOff(d) {
			return failedAt("open for writing", c.files.path, d)
		}
	}
	return nil
}

// unnumbered returns the damage of store.thaw if no index says which sequences were given out.
func unnumbered(c *contents) error {
	if err := c.snapshot.LineageLost(); err != nil {
		return failedAt("open for writing", c.files.path, err)
	}
	return nil
}

// recover recovers from an unclean stop. It returns the id of the next segment and the end of
// the log.
func (s *Store) recover(c *contents) (next uint64, end artifact.Watermark, err error) {
	r, err := c.snapshot.Recovery()
	if err != nil {
		return 0, end, failedAt("recover", s.path, err)
	}
	if c.recovered, err = recoverSegment(s.options.FS, s.path, &r); err != nil {
		return 0, end, err
	}
	if done := c.recovered; done != nil {
		level := slog.LevelInfo
		if done.SetAside != "" {
			level = slog.LevelWarn
		}
		s.options.Logger.Log(context.Background(), level, "thaw: an unclean stop was repaired",
			slog.String("store", s.path), slog.String("file", done.File), slog.Uint64("kept", done.Kept),
			slog.Uint64("cut", done.Cut), slog.String("set_aside", done.SetAside))
	}
	if done := c.recovered; done != nil && !done.Removed {
		if err := c.files.add(done.File); err != nil { // the name now leads to another file
			return 0, end, err
		}
	}
	var keep []string // among parts
	// A damaged store keeps every part file: a refused or unreadable one may be the only
	// record of the lost events.
	report := c.snapshot.Report()
	if report.OpenedFrom == store.FromIndex && report.Damaged() == nil && unreadable(c.snapshot) == nil {
		keep = c.snapshot.IndexFiles().Names()
	}
	if err := removeLeftovers(s.options.FS, s.path, keep, c.snapshot.Spilled()); err != nil { // matters only to the next index.fbati
		files := s.indexFiles()
		files.leftover(err)
	}
	end.Segment, end.Offset, err = c.files.newest()
	return r.Next, end, err
}

// makeDirectory creates a directory whose name survives power loss.
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
			// The next open would take an existing name to be on disk.
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
