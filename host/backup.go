package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"time"

	coredir "github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/kindnames"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/swap"
	"github.com/thawlog/thaw/core/visibility"
	"github.com/thawlog/thaw/fsabstraction"
)

// Errors of [Backup], which then changes nothing.
var (
	// ErrOtherBackup: the destination holds another store, or files that are not a store.
	ErrOtherBackup = errors.New("thaw: the destination is not a backup of this store")
	// ErrDiverged: the destination has events that the store has not. The store was restored
	// from an older copy, or appended to the backup.
	ErrDiverged = errors.New("thaw: the destination has events that the store lacks")
)

// BackupOptions are the options of [Backup]. The zero value is ready to use.
type BackupOptions struct {
	// FS is the file system of both directories, by default the operating system's.
	FS fsabstraction.FS
	// AcceptDamage backs up a damaged store too, with its damage. It is refused otherwise,
	// since it might replace a sound backup.
	AcceptDamage bool
	// Compare compares the content of every segment with the backup's. Otherwise a segment of
	// the same name, size, first and last bytes is taken to be the same; see [Backup].
	Compare bool
	// Progress, if set, is called with the bytes done so far and in total.
	Progress func(done, total uint64)
	// Logger is used as in [Options].
	Logger *slog.Logger
	// LockWait is how long to wait for another backup to the same place, as in [Options].
	LockWait time.Duration
}

// BackupResult says what [Backup] did.
type BackupResult struct {
	// End is the end of the store at the moment of the backup: it has every event before, and
	// none after. Events and Hidden count them as in [Report].
	End            Position
	Events, Hidden uint64
	// First reports whether there was no backup before.
	First bool
	// Kept counts the files that the backup had already. Cloned and Copied count the new ones
	// that share bytes with the store's until one of the two is written, and that were copied
	// and read back. Removed counts those that are no longer part of the store.
	Kept, Cloned, Copied, Removed int
	// CopiedBytes is the size of the copied files.
	CopiedBytes uint64
	Took        time.Duration
}

// Backup makes dst a copy of the store in dir as it is at one moment, while a writer in this
// or another process may go on. A backup is a store: open it for reading, verify it, and to
// restore it copy it. Give it no writer of its own: what it appends makes the next backup
// [ErrDiverged].
//
// A first backup is made in dst.unfinished and renamed to dst at the end; one that was
// interrupted is continued, and one that was refused is removed. If dst is a backup of this store, only what is new is copied, and
// all of it counts in one step at the end; until then, and after a crash, dst is the backup
// that it was. dst is locked meanwhile, as by a writer.
//
// Every file is synced, and each that was copied is read back, as the system has it, perhaps
// from its cache, and compared by a BLAKE3-256 hash; every frame of a new segment must have its checksum; then the copy is opened and must
// have the events of the store before it counts. File
// systems with reflinks share the bytes instead (see fsabstraction.Cloner). A backup never has
// hard links to the store's files: a program that writes one in place, or removes bytes from
// it, would change both.
//
// A segment that the backup has already is recognised by its name, size, first and last bytes,
// which is trusted because sealed segments do not change except by a compaction or redaction.
// After one of these, or with Compare, whole contents are compared. Bit rot in old files of
// the backup is for [Verify] to find. What redaction removed from the store is removed from
// the backup by the next Backup.
//
// Not copied are set-aside files (NNNNNN.fbat.cut-OFFSET), the sync mark, and the torn end of
// an unclean stop: the backup's last segment ends in a footer.
//
// The errors are ErrOtherBackup, ErrDiverged, [ErrCopyInside], [ErrCopyDamaged],
// [ErrCopyDiffers], a *[LockedError], a *[ReadError] of the store, an error of writing, or that
// of ctx.
func Backup(ctx context.Context, dir, dst string, o BackupOptions) (BackupResult, error) {
	start := time.Now()
	b := &backup{
		full: Options{FS: o.FS, Logger: o.Logger, LockWait: o.LockWait}.withDefaults(), o: &o, dir: dir, dst: filepath.Clean(dst),
	}
	b.reader = b.full.reader()
	b.reader.OpenSegments = copySegments
	r, err := b.run(ctx)
	if err != nil {
		return BackupResult{}, failedAt("backup", dir, err)
	}
	r.Took = time.Since(start)
	return r, nil
}

// Backup is [Backup] of this store. FS of the options is the store's.
func (s *Store) Backup(ctx context.Context, dst string, o BackupOptions) (BackupResult, error) {
	v, err := s.versions.pin() // a closed store has no backup
	if err != nil {
		return BackupResult{}, err
	}
	_ = v.release()
	o.FS = s.options.FS
	if o.Logger == nil {
		o.Logger = s.options.Logger
	}
	return Backup(ctx, s.path, dst, o)
}

// copySegments bounds the segments that each of the up to three directories of a backup keeps
// open: they are read one after the other.
const copySegments = 16

type backup struct {
	full     Options
	reader   ReaderOptions
	o        *BackupOptions
	dir, dst string
}

func (b *backup) run(ctx context.Context) (r BackupResult, err error) {
	if err := ctx.Err(); err != nil {
		return r, err
	}
	fsys := b.full.FS
	if _, err := fsys.Lstat(b.dir); err != nil {
		return r, err
	}
	if err := checkApart(fsys, b.dir, b.dst); err != nil {
		return r, err
	}
	info, err := fsys.Lstat(b.dst)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r, err
	}
	first := err != nil
	if !first && info.Type != fsabstraction.Directory {
		return r, fmt.Errorf("%w: %s is no directory", ErrOtherBackup, b.dst)
	}
	for try := 1; ; try++ {
		if first {
			r, err = b.first(ctx)
		} else {
			r, err = b.next(ctx)
		}
		if !errors.Is(err, errSourceChanged) || try == copyTries {
			return r, err
		}
	}
}

// origin is the store of a backup at one moment.
type origin struct {
	contents
	plan   *store.Copying
	report store.Report
	id     Position
}

func (b *backup) open(ctx context.Context) (*origin, error) {
	c, err := openContents(ctx, b.dir, &b.reader, nil)
	if err != nil {
		return nil, err
	}
	o := &origin{contents: c, report: c.snapshot.Report()}
	if damaged := o.report.Damaged(); damaged != nil && !b.o.AcceptDamage {
		err = fmt.Errorf("%w: %w", ErrCopyDamaged, damaged)
	}
	if err == nil {
		o.plan, err = c.snapshot.CopyAll()
	}
	if err == nil {
		o.id.Sequence = c.snapshot.End()
		o.id.Store, err = c.snapshot.Identity()
		if b.o.AcceptDamage && o.report.Damaged() != nil {
			err = nil
		}
	}
	if err != nil {
		return nil, errors.Join(err, c.files.release())
	}
	return o, nil
}

func (b *backup) copier(ctx context.Context, o *origin) (*copier, error) {
	c := &copier{ctx: ctx, fs: b.full.FS, dir: b.dir, verify: true, sound: !b.o.AcceptDamage, progress: b.o.Progress}
	return c, c.begin(o.files)
}

// piece is a file of a backup: the first keep bytes of the store's, and a footer; or, if
// small is set, these bytes.
type piece struct {
	name   string
	keep   uint64
	footer []byte
	small  []byte
}

func (p *piece) size() uint64 { return p.keep + uint64(len(p.footer)) + uint64(len(p.small)) }

// pieces returns the files of a backup, in the order in which they are copied.
func (b *backup) pieces(c *copier, o *origin) (out []piece, err error) {
	for _, name := range []string{lineage.FileName, kindnames.FileName} {
		content, err := c.small(name)
		if err != nil {
			return nil, err
		}
		if content != nil {
			out = append(out, piece{name: name, small: content})
		}
	}
	for _, name := range o.plan.Index {
		info, err := c.fs.Lstat(c.source(name))
		if errors.Is(err, fs.ErrNotExist) { // replaced by a larger one
			return nil, errSourceChanged
		}
		if err != nil {
			return nil, err
		}
		out = append(out, piece{name: name, keep: uint64(info.Size)})
	}
	for _, e := range o.plan.Segments {
		out = append(out, piece{name: e.Name, keep: e.Size})
	}
	if o.plan.Last != "" {
		out = append(out, piece{name: o.plan.Last, keep: o.plan.Keep, footer: o.plan.Footer})
	}
	content, err := c.small(visibility.FileName)
	if err == nil && content != nil {
		out = append(out, piece{name: visibility.FileName, small: content})
	}
	return out, err
}

// frames walks over the frames of a copied segment. Damage in a segment that an index covers is
// not noticed by an open, and it must not spread to a sound backup.
func (c *copier) frames(name, path string) (err error) {
	f, err := c.fs.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size, err := f.Size()
	if err != nil {
		return err
	}
	src := &file{file: f, size: size}
	_, header, err := segment.ReadHeader(src)
	var refused *Refusal
	if errors.As(err, &refused) {
		return fmt.Errorf("%w: %w", ErrCopyDamaged, &Damage{File: name, Reason: refused.Reason, Err: refused.Err})
	}
	if err != nil {
		return err
	}
	walk := segment.NewWalker(src, uint64(header))
	for i := 0; ; i++ {
		step, ok := walk.Next()
		if !ok {
			return walk.Err()
		}
		if d := step.Damage; d != nil {
			return fmt.Errorf("%w: %w", ErrCopyDamaged, &Damage{File: name, Offset: step.Offset, Length: step.Length, Reason: d.Reason, Err: d.Err})
		}
		if i%1024 == 0 && c.ctx.Err() != nil {
			return c.ctx.Err()
		}
	}
}

// piece copies a file of the backup to a path.
func (c *copier) piece(p *piece, to string) error {
	if p.small != nil {
		if c.resume {
			_ = removeFile(c.fs, to)
		}
		c.Copied++
		c.Bytes += uint64(len(p.small))
		return errors.Join(c.put(to, p.small), c.advance(uint64(len(p.small))))
	}
	return c.file(p.name, to, p.keep, p.footer)
}

// pieces copies the files to the paths that at gives, until all of them are on disk.
func (c *copier) pieces(pieces []*piece, at func(name string) string) (err error) {
	defer func() { err = c.settled(err) }()
	for _, p := range pieces {
		if err := c.piece(p, at(p.name)); err != nil {
			return err
		}
	}
	return nil
}

// first makes a backup where there is none.
func (b *backup) first(ctx context.Context) (r BackupResult, err error) {
	o, err := b.open(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, o.files.release()) }()
	u, err := beginUnfinished(ctx, &b.full, b.dst)
	if err != nil {
		return r, err
	}
	defer func() {
		switch {
		case errors.Is(err, ErrCopyDamaged), errors.Is(err, ErrCopyDiffers):
			err = errors.Join(err, u.drop())
		case err != nil: // an interrupted backup stays, to be continued
			err = errors.Join(err, u.unlock())
		}
	}()
	c, err := b.copier(ctx, o)
	if err != nil {
		return r, err
	}
	c.resume = true
	pieces, err := b.pieces(c, o)
	if err != nil {
		return r, err
	}
	var names []string
	var all []*piece
	for i := range pieces {
		names, all = append(names, pieces[i].name), append(all, &pieces[i])
		c.total += pieces[i].size()
	}
	if err := u.clear(names); err != nil {
		return r, err
	}
	if err := c.pieces(all, func(name string) string { return filepath.Join(u.path, name) }); err != nil {
		return r, err
	}
	if err := c.unchanged(o.snapshot); err != nil {
		return r, err
	}
	files := newDirectory(u.path, &b.reader)
	if err := errors.Join(b.check(ctx, files, o), files.release()); err != nil {
		return r, err
	}
	return b.result(c, o, true), u.finish()
}

// check opens a copy, which must have the events of its origin.
func (b *backup) check(ctx context.Context, files coredir.Files, o *origin) error {
	s, err := store.Open(files, store.Options{Seed: rand.Uint64(), Hash: digest, Parallel: parallel, Stop: ctx.Err})
	if err != nil {
		return err
	}
	report := s.Report()
	if damaged := report.Damaged(); damaged != nil && o.report.Damaged() == nil {
		return fmt.Errorf("%w: %w", ErrCopyDiffers, damaged)
	}
	if len(report.Rejected) > len(o.report.Rejected) { // replaced while it was copied
		return fmt.Errorf("%w: %w", errSourceChanged, errors.Join(refusals(report.Rejected)...))
	}
	if report.Events != o.report.Events || report.Hidden != o.report.Hidden || s.End() != o.id.Sequence {
		return fmt.Errorf("%w: it has %d events up to sequence %d, and the store %d up to %d", ErrCopyDiffers,
			report.Events, s.End(), o.report.Events, o.id.Sequence)
	}
	if o.report.Damaged() != nil {
		return nil
	}
	id, err := s.Identity()
	if err == nil && id != o.id.Store {
		err = fmt.Errorf("%w: it has another identity", ErrCopyDiffers)
	}
	if err == nil && s.LastEnd() > 0 {
		var there bool
		if there, err = s.Contains(s.LastEnd()-1, o.plan.LastID); err == nil && !there {
			err = fmt.Errorf("%w: it has another last event", ErrCopyDiffers)
		}
	}
	return err
}

func (b *backup) result(c *copier, o *origin, first bool) BackupResult {
	return BackupResult{
		End: o.id, Events: o.report.Events, Hidden: o.report.Hidden, First: first,
		Kept: c.Kept, Cloned: c.Cloned, Copied: c.Copied, CopiedBytes: c.Bytes,
	}
}

// next brings a backup up to date.
func (b *backup) next(ctx context.Context) (r BackupResult, err error) {
	fsys := b.full.FS
	if err := b.checkDestination(); err != nil { // before the lock file is created there
		return r, err
	}
	l, err := lock(ctx, fsys, b.dst, &b.full)
	if err != nil {
		return r, err
	}
	if l != nil {
		defer func() { err = errors.Join(err, l.Unlock()) }()
	}
	if _, err := finishSwap(fsys, b.dst); err != nil {
		return r, err
	}
	o, err := b.open(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, o.files.release()) }()
	had, err := openContents(ctx, b.dst, &b.reader, nil)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, had.files.release()) }()
	same, err := b.related(o, &had)
	if err != nil {
		return r, err
	}
	c, err := b.copier(ctx, o)
	if err != nil {
		return r, err
	}
	pieces, err := b.pieces(c, o)
	if err != nil {
		return r, err
	}
	w, err := beginSwap(fsys, b.dst)
	if err != nil {
		return r, err
	}
	r, err = b.update(ctx, c, o, w, pieces, same && !b.o.Compare)
	if err != nil {
		if !errors.Is(err, errUndecided) {
			err = errors.Join(err, w.Abort())
		}
		return r, err
	}
	_, err = finishSwap(fsys, b.dst)
	return r, err
}

// checkDestination refuses a directory that holds files, and no store.
func (b *backup) checkDestination() error {
	names, err := b.full.FS.ReadDir(b.dst)
	if err != nil {
		return err
	}
	others := 0
	for _, n := range names {
		switch kind := coredir.KindOf(n.Name); {
		case kind == coredir.Segment || kind == coredir.Lineage || n.Name == swap.FileName:
			return nil
		case kind == coredir.Other && n.Name != LockName:
			others++
		}
	}
	if others > 0 {
		return fmt.Errorf("%w: %s holds other files, and no store", ErrOtherBackup, b.dst)
	}
	return nil
}

// related returns an error unless had is an earlier state of the store. same reports whether
// nothing was removed or rewritten in between.
func (b *backup) related(o *origin, had *contents) (same bool, err error) {
	s := had.snapshot
	report := s.Report()
	if damaged := report.Damaged(); damaged != nil {
		return false, fmt.Errorf("the backup is damaged, make another one elsewhere: %w", damaged)
	}
	id, err := s.Identity()
	if err != nil || id.IsZero() { // it is empty
		return false, err
	}
	if id != o.id.Store {
		return false, fmt.Errorf("%w: its identity is %s", ErrOtherBackup, id)
	}
	was, err := s.Lineage()
	if err != nil {
		return false, err
	}
	is, err := o.snapshot.Lineage()
	if err != nil {
		return false, err
	}
	before, now := was.Clone().Generation, is.Clone().Generation
	if before > now || s.End() > o.id.Sequence {
		return false, ErrDiverged
	}
	end := s.LastEnd()
	if end == 0 {
		return before == now, nil
	}
	last, err := s.CopyAll()
	if err != nil {
		return false, err
	}
	there, err := o.snapshot.Contains(end-1, last.LastID)
	if err == nil && !there && !(now > before && is.Covers(end-1)) {
		err = ErrDiverged
	}
	return before == now, err
}

// update writes the new files and switches to them.
func (b *backup) update(ctx context.Context, c *copier, o *origin, w *swapping, pieces []piece, trusted bool) (r BackupResult, err error) {
	var changed []*piece
	var names []string
	for i := range pieces {
		p := &pieces[i]
		names = append(names, p.name)
		same, err := c.same(p, filepath.Join(b.dst, p.name), trusted)
		if err != nil {
			return r, err
		}
		if same {
			c.Kept++
			continue
		}
		changed = append(changed, p)
		c.total += p.size()
	}
	there, err := b.full.FS.ReadDir(b.dst)
	if err != nil {
		return r, err
	}
	removed := 0
	for _, n := range there {
		if kind := coredir.KindOf(n.Name); n.Type == fsabstraction.Regular && kind.Swappable() && !slices.Contains(names, n.Name) {
			w.Remove(n.Name)
			removed++
		}
	}
	if len(changed)+removed == 0 {
		return b.result(c, o, false), c.unchanged(o.snapshot)
	}
	for _, p := range changed {
		w.Add(p.name)
	}
	if err := c.pieces(changed, func(name string) string { return filepath.Join(b.dst, swap.Name(name)) }); err != nil {
		return r, err
	}
	if err := c.unchanged(o.snapshot); err != nil {
		return r, err
	}
	files := newDirectory(b.dst, &b.reader)
	if err := errors.Join(b.check(ctx, coredir.Planned(files, &w.record), o), files.release()); err != nil {
		return r, err
	}
	r = b.result(c, o, false)
	r.Removed = removed
	return r, w.Commit()
}

// ends is how many bytes at each end of a file are compared with the backup's. They hold the
// header of a segment and of an index, with its checksum, and the last entries and the trailer
// of a footer.
const ends = 4 << 10

// same reports whether the backup has a file already.
func (c *copier) same(p *piece, path string, trusted bool) (same bool, err error) {
	info, err := c.fs.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (info.Type != fsabstraction.Regular || uint64(info.Size) != p.size()) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	dst, err := c.fs.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	if p.small != nil {
		return has(dst, 0, p.small)
	}
	src, err := c.fs.Open(c.source(p.name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, errSourceChanged
	}
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	if size, err := src.Size(); err != nil || uint64(size) < p.keep {
		return false, errors.Join(err, errSourceChanged)
	}
	if same, err := has(dst, int64(p.keep), p.footer); err != nil || !same {
		return false, err
	}
	if !trusted || p.keep <= 2*ends {
		same, err := equal(dst, src, 0, int64(p.keep))
		return same, readingSource(p.name, -1, err)
	}
	b := make([]byte, ends)
	for _, at := range []int64{0, int64(p.keep) - ends} {
		if err := readFull(src, b, at); err != nil {
			return false, readingSource(p.name, at, err)
		}
		if same, err := has(dst, at, b); err != nil || !same {
			return false, err
		}
	}
	return true, nil
}
