package host

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/thawlog/thaw/core/commit"
	coredir "github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
)

// RedactOptions are the options of [Store.Redact].
type RedactOptions struct {
	// DryRun only says what would be done. It writes and removes nothing; the open and the
	// close of the store do what they always do, such as a repair after an unclean stop.
	DryRun bool
	// Progress is as in [Compaction].
	Progress func(done, total uint64)
}

// RedactResult is what a redaction did, or a dry run found.
type RedactResult struct {
	// Redacted is the number of events of the region, those included that were redacted
	// before, and those of cancelled fences.
	Redacted uint64
	// Segments is the number of segments that had some and were written again.
	Segments int
	// Removed are the names of the files that may have held payloads of the region and were
	// removed: bytes that recovery cut off a segment (NNNNNN.fbat.cut-OFFSET), whatever they
	// hold, and unfinished copies of segments.
	Removed []string
	// Strange are the names in the store's directory that are no files of a store. They may
	// hold anything, such as what a compaction of batpak 0.4.0 left behind, and were not
	// looked at.
	Strange []string
}

// Unreachable lists what a redaction cannot reach, for people. ERASURE.md says more of each.
func (r *RedactResult) Unreachable() []string {
	return []string{
		"backups, forks and other copies of the store, and exports",
		"hard links to the old segments, and processes that have them open",
		"blocks of the disk, of its snapshots and of its cache that hold the old segments until they are used again",
		"entity and scope names, kinds, times, ids and the payload's hash, with which a guessed payload can be confirmed",
		"what was made of the payloads elsewhere: projections, snapshots of aggregates, logs, reactions, copies in other events and in their metadata",
	}
}

// Redact removes the payloads and the metadata of a region's events from the store's files, those
// of cancelled fences included. Everything else of an event stays: its sequence, clock, id, kind,
// times, entity, scope and hash, so that chains of hashes can still be checked. Reading it is a
// *[RedactedError] from then on, and an append that is repeated under its key still gets the
// first receipt. See ERASURE.md for what this does not reach, and for keys per subject.
//
// It is a [Store.Compact], with its promises and errors, of the segments that hold events of the
// region, and of no others. It also removes the files that RedactResult.Removed lists. When it
// returns nil, no file of the store holds a payload of an event of the region that was appended
// before the call. After an error or a crash call it again: what is done already is found, not
// harmed.
//
// The region must name something: the zero Region is [ErrNoRegion]. It cannot have bounds of
// time, since no index has an event's own time: [ErrRegion].
func (s *Store) Redact(ctx context.Context, region Region, o RedactOptions) (RedactResult, error) {
	if region == (Region{}) {
		return RedactResult{}, ErrNoRegion
	}
	if !region.Since.IsZero() || !region.Until.IsZero() {
		return RedactResult{}, ErrRegion
	}
	if region.Entity != "" {
		if err := commit.CheckEntity(region.Entity); err != nil {
			return RedactResult{}, err
		}
	}
	core := region.Core()
	done, err := s.Compact(ctx, Compaction{
		Judge: func(e event.Event) Verdict {
			if core.Has(&e) {
				return RedactEvent
			}
			return KeepEvent
		},
		OnlyChanged: true, DryRun: o.DryRun, Progress: o.Progress,
	})
	r := RedactResult{Redacted: done.Redacted, Segments: done.Replaced}
	if err != nil {
		return r, err
	}
	err = s.whileOpen(func() error { return r.clear(s.options.FS, s.path, o.DryRun) })
	if err != nil {
		err = failedAt("redact", s.path, err)
	}
	return r, err
}

// whileOpen calls f, unless the store is closing, which waits for it.
func (s *Store) whileOpen(f func() error) error {
	s.entering.Lock()
	if s.closing {
		s.entering.Unlock()
		return ErrClosed
	}
	s.inside.Add(1)
	s.entering.Unlock()
	defer s.inside.Done()
	return f()
}

// clear removes the files that may hold payloads besides segments.
func (r *RedactResult) clear(fs fsabstraction.FS, dir string, dryRun bool) error {
	entries, err := fs.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch {
		case e.Name == LockName:
		case e.Type != fsabstraction.Regular || coredir.KindOf(e.Name) == coredir.Other:
			r.Strange = append(r.Strange, e.Name)
		case mayHoldPayloads(e.Name):
			r.Removed = append(r.Removed, e.Name)
		}
	}
	if dryRun || len(r.Removed) == 0 {
		return nil
	}
	var errs []error
	for _, name := range r.Removed {
		errs = append(errs, removeFile(fs, filepath.Join(dir, name)))
	}
	errs = append(errs, syncDir(fs, dir))
	return errors.Join(errs...)
}

// mayHoldPayloads reports whether a file of the store that is no segment may hold payloads:
// what recovery cut off, and copies of segments that a crash left unfinished. Those of a
// compaction are removed when the next one begins.
func mayHoldPayloads(name string) bool {
	if coredir.KindOf(name) == coredir.Cut {
		return true
	}
	of, ok := coredir.ParseTemporaryName(name)
	return ok && (coredir.KindOf(of) == coredir.Segment || coredir.KindOf(of) == coredir.Cut)
}
