package host

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/store"
)

// RebuildOptions are the options of [Rebuild]. The zero value is safe.
type RebuildOptions struct {
	Options
	// AcceptDamage writes an index even if segments are damaged.
	AcceptDamage bool
}

// Rebuild rebuilds index.fbati and index.thaw from the segments alone, and returns the report
// of reading the segments. It opens the store for writing: it takes the lock and repairs an
// unclean stop, even if it then refuses to rebuild. It writes no index for a directory
// without segments. It keeps no more than Options.IndexMemory and the names of entities and
// scopes in memory, unless the store has cancelled fences.
//
// Rebuild refuses a store with damaged segments, because the next open would trust the new
// index and no longer report the damage. With AcceptDamage it indexes the readable events,
// and first writes all sequences that the damage hides to visibility_ranges.fbv: the new
// index has the numbers that the segments now have.
func Rebuild(ctx context.Context, path string, o RebuildOptions) (Report, error) {
	o.Options = o.withDefaults()
	if err := ctx.Err(); err != nil { // before the lock file is created
		return Report{}, failedAt("rebuild", path, err)
	}
	if _, err := o.FS.Lstat(path); err != nil { // Open would create it
		return Report{}, failedAt("rebuild", path, err)
	}
	s := &Store{path: path, options: o.Options, skip: []string{artifact.FileName, checkpoint.FileName}}
	var err error
	if s.lock, err = lock(ctx, o.FS, path, &o.Options); err != nil {
		return Report{}, err
	}
	report, err := s.rebuild(ctx, o.AcceptDamage)
	return report, errors.Join(err, s.unlock())
}

func (s *Store) rebuild(ctx context.Context, acceptDamage bool) (Report, error) {
	if err := s.finishSwap(); err != nil {
		return Report{}, err
	}
	reader := s.options.reader()
	c, err := openSpilling(ctx, s.path, &reader, nil, s.spillSpace(), s.skip...)
	if err != nil {
		return Report{}, err
	}
	report := reportOf(c.snapshot.Report(), c.took, nil)
	_, end, err := s.recover(&c)
	if err == nil {
		report.Recovered = c.recovered
		if err = s.rebuildIndex(&c, end, acceptDamage); err != nil {
			err = failedAt("rebuild", s.path, err)
		}
	}
	if err == nil && c.snapshot.Spilled() { // the records were compared only while the index was written
		report.DuplicateIDs, err = s.duplicateIDs(ctx)
	}
	return report, errors.Join(err, c.snapshot.DropSpilled(), c.files.release())
}

// duplicateIDs reads from the new index whether two events have the same id.
func (s *Store) duplicateIDs(ctx context.Context) (bool, error) {
	reader := s.options.reader()
	files := newDirectory(s.path, &reader)
	fresh, err := store.Open(files, store.Options{Seed: rand.Uint64(), Stop: ctx.Err, IndexOnly: true})
	if err != nil {
		return false, errors.Join(err, files.release())
	}
	return fresh.Report().DuplicateIDs, files.release()
}

func (s *Store) rebuildIndex(c *contents, end artifact.Watermark, acceptDamage bool) error {
	files := s.indexFiles()
	if c.recovered == nil && end.Segment > 0 {
		if err := files.prove(end); err != nil {
			return err
		}
	}
	l, err := listSegments(files.fs, files.dir, end)
	if err != nil {
		return err
	}
	report := c.snapshot.Report()
	if acceptDamage && report.Damaged() != nil {
		if err := writeHidden(files.fs, files.dir, report.HiddenRanges); err != nil {
			return err
		}
	}
	f := store.Flush{To: end, NextSequence: report.NextSequence, Parallel: parallel}
	return files.write(c.snapshot, f, l, acceptDamage, 0, nil)
}
