package host

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"time"

	coredir "github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/extract"
	"github.com/thawlog/thaw/core/kindnames"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/core/salvage"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/swap"
	"github.com/thawlog/thaw/core/visibility"
	"github.com/thawlog/thaw/fsabstraction"
)

// SalvageOptions are the options of [Salvage]. The zero value is safe.
type SalvageOptions struct {
	// FS is the file system of both directories, by default the operating system's.
	FS fsabstraction.FS
	// SegmentSize bounds the length of a new segment in bytes, by default
	// DefaultSegmentSize. A segment has at least one event, however long.
	SegmentSize int64
	// ShowHidden salvages a store whose visibility_ranges.fbv is damaged: the events that
	// it hid become visible for good. Without it such a store is refused. A sound file
	// stays in force.
	ShowHidden bool
	// KeepDoubtful keeps doubtful events that are left out by default: items of a batch
	// that may not have been committed, frames that were not acknowledged, and events of
	// files of other names. The report lists them either way.
	KeepDoubtful bool
	// NoMapping and OpenSegments are as in ReaderOptions.
	NoMapping    bool
	OpenSegments int
	// Unlocked is as in Options, for the new store.
	Unlocked bool
	// Now returns the time of the removals in the new store's lineage, by default time.Now.
	Now func() time.Time
}

// ErrChanged is returned by [Salvage] when the store changes while it is read: stop the writer.
var ErrChanged = salvage.ErrChanged

// SalvageFinding is something lost or doubtful, and what was done with it.
type SalvageFinding = salvage.Finding

// SalvageOutcome says what became of an event; its text is its stable name.
type SalvageOutcome = salvage.Outcome

// The outcomes of a [SalvageFinding].
const (
	// SalvageLost: the events exist no more.
	SalvageLost = salvage.Lost
	// SalvageKept: the events are doubtful, and in the new store.
	SalvageKept = salvage.Kept
	// SalvageLeftOut: the events are doubtful, and not in the new store.
	SalvageLeftOut = salvage.LeftOut
)

// SalvageReport says what a salvage found. For a sound store its Findings and Files are
// empty. Its JSON is what thaw salvage --json prints.
type SalvageReport struct {
	salvage.Report
	// Segments is the number of segments of the new store, 0 without one.
	Segments int
}

// MarshalJSON returns the report as thaw salvage --json prints it. It never fails.
func (r SalvageReport) MarshalJSON() ([]byte, error) {
	return bytes.TrimSuffix(lines.AppendSalvage(nil, &r.Report, r.Segments), []byte("\n")), nil
}

// Salvage copies everything intact of the damaged store in the directory dir into a new store
// in dst, and reports every event that is lost or doubtful, as package core/salvage describes.
// An empty dst makes the report alone.
//
// Events keep their sequences, clocks, ids and bytes, and hidden events stay hidden. The new
// store has the identity of the old one, so positions and projections go on, and it says what
// was lost: see [Lineage].
//
// Salvage takes no lock on dir and never writes to it. A writer may have it open. When a
// compaction replaces files meanwhile, the salvage begins again; if that happens again and
// again, or events change that were there, the error is [ErrChanged]. dst must not exist, or be
// an empty directory, or one of a salvage that was interrupted; it must not lie in dir.
// Until everything is on disk, dst is an empty store for readers. After an error it may be
// left as an empty directory, or with files that the next Salvage removes.
//
// The errors are a [source.ReadError] if a file of dir could not be read, which proves nothing
// about its bytes: copy a store on a failing disk first; a *[Damage] of visibility_ranges.fbv,
// unless ShowHidden is set, or of swap.thaw; [ErrCopyInside]; and those of writing.
func Salvage(ctx context.Context, dir, dst string, o SalvageOptions) (SalvageReport, error) {
	reader := ReaderOptions{NoMapping: o.NoMapping, OpenSegments: o.OpenSegments, Logger: slog.New(slog.DiscardHandler)}
	if o.FS != nil { // a nil FS is not a nil ReadFS
		reader.FS = o.FS
	}
	reader = reader.withDefaults()
	if err := ctx.Err(); err != nil {
		return SalvageReport{}, failedAt("salvage", dir, err)
	}
	for range salvageTries {
		report, changed, err := salvageOnce(ctx, &reader, dir, dst, o)
		if changed && ctx.Err() == nil {
			continue
		}
		if err != nil {
			return report, failedAt("salvage", dir, err)
		}
		return report, nil
	}
	return SalvageReport{}, failedAt("salvage", dir, errChangesSalvaged)
}

// salvageTries is how often a salvage is begun when compactions replace the files meanwhile.
const salvageTries = 20

var errChangesSalvaged = fmt.Errorf("compactions replace the files again and again; stop the writer: %w", salvage.ErrChanged)

// salvageOnce makes one try. changed is set if files were replaced meanwhile: what was read may
// be a mix of the old and the new ones, and nothing was made of it.
func salvageOnce(ctx context.Context, reader *ReaderOptions, dir, dst string, o SalvageOptions) (report SalvageReport, changed bool, err error) {
	var to *newStore
	if dst != "" {
		if to, err = beginNewStore(ctx, dir, dst, o); err != nil {
			return report, false, err
		}
	}
	before := generationOf(reader.FS, dir)
	files := newDirectory(dir, reader)
	report, err = salvageFiles(ctx, files, to, o)
	err = errors.Join(err, files.release())
	if changed = !bytes.Equal(before, generationOf(reader.FS, dir)); changed {
		err = cmp.Or(err, errChangesSalvaged)
	}
	if to != nil {
		if err == nil {
			err = to.finish()
		}
		err = errors.Join(err, to.close(err == nil))
	}
	return report, changed, err
}

// salvageFiles writes what is intact to a new store, unless to is nil. The caller finishes it.
func salvageFiles(ctx context.Context, files *directory, to *newStore, o SalvageOptions) (report SalvageReport, err error) {
	s, err := salvage.Examine(files, salvage.Options{
		Hash: digest, Seed: rand.Uint64(), Stop: ctx.Err, Parallel: parallel,
		ShowHidden: o.ShowHidden, KeepDoubtful: o.KeepDoubtful,
	})
	if err != nil {
		return report, err
	}
	report.Report = *s.Report()
	if to == nil {
		return report, nil
	}
	report.Segments, err = s.Write(extract.Options{SegmentSize: uint64(max(o.SegmentSize, 0))}, func(file uint32, b []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return to.write(segment.Name(uint64(file)), b)
	})
	if err != nil {
		return report, err
	}
	names, err := extract.KindNames(files)
	if err != nil {
		return report, err
	}
	l, err := s.Lineage(uint64(max(to.options.Now().UnixMilli(), 0)))
	if err != nil {
		return report, err
	}
	var line []byte
	if l != nil {
		line = lineage.AppendFile(nil, l)
	}
	for _, f := range []struct {
		name string
		b    []byte
	}{{kindnames.FileName, names}, {visibility.FileName, s.HiddenFile()}, {lineage.FileName, line}} {
		if len(f.b) == 0 {
			continue
		}
		if err := to.write(f.name, f.b); err != nil {
			return report, err
		}
	}
	return report, nil
}

// newStore is a directory that becomes a store in one step. It is for one goroutine.
type newStore struct {
	options Options
	dir     string
	lock    fsabstraction.Lock
	swap    *swapping
	name    string // of the file that is being written
	file    fsabstraction.WriteFile
	at      int64
}

// beginNewStore makes and locks the directory, which must be empty.
func beginNewStore(ctx context.Context, dir, dst string, o SalvageOptions) (*newStore, error) {
	n := &newStore{options: Options{FS: o.FS, Unlocked: o.Unlocked, Now: o.Now, Logger: slog.New(slog.DiscardHandler)}.withDefaults(), dir: dst}
	if liesIn(n.options.FS, dst, dir) {
		return nil, fmt.Errorf("%w: %s lies in the store, which is not changed", ErrCopyInside, dst)
	}
	if err := n.requireEmpty(); err != nil {
		return nil, err
	}
	if err := makeDirectory(n.options.FS, dst); err != nil {
		return nil, err
	}
	var err error
	if n.lock, err = lock(ctx, n.options.FS, dst, &n.options); err != nil {
		return nil, err
	}
	if err = n.requireEmpty(); err == nil { // another one may have had the lock
		n.swap, err = beginSwap(n.options.FS, dst)
	}
	if err != nil {
		return nil, errors.Join(err, n.close(false))
	}
	return n, nil
}

// requireEmpty returns an error that is fs.ErrExist unless the directory does not exist, or
// has nothing but the lock and what an interrupted attempt left.
func (n *newStore) requireEmpty() error {
	exists := func(what string) error {
		return fmt.Errorf("%s: %w", filepath.Join(n.dir, what), fs.ErrExist)
	}
	info, err := n.options.FS.Lstat(n.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Type != fsabstraction.Directory:
		return exists("")
	}
	entries, err := n.options.FS.ReadDir(n.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		leftover := coredir.Final(e.Name) != e.Name || e.Name == coredir.TemporaryName(swap.FileName)
		if e.Name != LockName && !(leftover && e.Type == fsabstraction.Regular) {
			return exists(e.Name)
		}
	}
	return nil
}

// write appends bytes to a file. A file is complete when bytes of another one come.
func (n *newStore) write(name string, b []byte) error {
	if name != n.name {
		if err := n.seal(); err != nil {
			return err
		}
		f, err := n.swap.Create(name)
		if err != nil {
			return err
		}
		n.name, n.file, n.at = name, f, 0
	}
	if _, err := n.file.WriteAt(b, n.at); err != nil {
		return err
	}
	n.at += int64(len(b))
	return nil
}

// seal syncs and closes the file that is being written.
func (n *newStore) seal() error {
	if n.file == nil {
		return nil
	}
	f := n.file
	n.file, n.name = nil, ""
	return errors.Join(f.Sync(), f.Close())
}

// finish makes the directory the store.
func (n *newStore) finish() error {
	if err := n.seal(); err != nil {
		return err
	}
	if len(n.swap.record.Renames) == 0 { // no event
		return nil
	}
	if err := n.swap.Commit(); err != nil {
		return err
	}
	_, err := finishSwap(n.options.FS, n.dir, nil, nil)
	return err
}

// close unlocks the directory. Unless done is set it removes what was written, as far as
// no swap counts yet.
func (n *newStore) close(done bool) error {
	var errs []error
	if n.file != nil {
		errs = append(errs, n.file.Close())
	}
	if n.swap != nil && !done {
		if _, err := n.options.FS.Lstat(filepath.Join(n.dir, swap.FileName)); errors.Is(err, fs.ErrNotExist) && !n.counts() {
			errs = append(errs, n.swap.Abort())
		}
	}
	if n.lock != nil {
		errs = append(errs, n.lock.Unlock())
	}
	return errors.Join(errs...)
}

// counts reports whether a segment has its final name.
func (n *newStore) counts() bool {
	_, err := n.options.FS.Lstat(filepath.Join(n.dir, segment.Name(1)))
	return err == nil
}
