package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/thawlog/thaw/core/store"
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
// from its cache, and compared with the store's byte for byte; every frame of a new segment must
// have its checksum; then the copy is opened and must have the events of the store before it
// counts. File systems with reflinks share the bytes instead (see fsabstraction.Cloner). A
// backup never has hard links to the store's files: a program that writes one in place, or
// removes bytes from it, would change both.
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

// differTries is how often a backup that does not have the events of its origin is made before
// that is an error. A writer can have replaced an index file between the open and the copy, with
// one that has later events.
const differTries = 5

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
		again := sourceChanged(err) && try < copyTries || errors.Is(err, ErrCopyDiffers) && try < differTries
		if !again {
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
	if err == nil && !b.o.AcceptDamage {
		err = whole(c.snapshot, o.plan)
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

func (b *backup) result(c *copier, o *origin, first bool) BackupResult {
	return BackupResult{
		End: o.id, Events: o.report.Events, Hidden: o.report.Hidden, First: first,
		Kept: c.Kept, Cloned: c.Cloned, Copied: c.Copied, CopiedBytes: c.Bytes,
	}
}
