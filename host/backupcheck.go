package host

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	coredir "github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/swap"
)

// check opens a copy, which must have the events of its origin.
func (b *backup) check(ctx context.Context, files coredir.Files, o *origin) error {
	s, err := store.Open(files, store.Options{Seed: rand.Uint64(), Hash: digest, Parallel: parallel, Stop: ctx.Err})
	if err != nil {
		return err
	}
	report := s.Report()
	if len(report.Rejected) > len(o.report.Rejected) { // replaced while it was copied
		return fmt.Errorf("%w: %w", errSourceChanged, errors.Join(refusals(report.Rejected)...))
	}
	if damaged := report.Damaged(); damaged != nil && o.report.Damaged() == nil {
		return fmt.Errorf("%w: %w", ErrCopyDiffers, damaged)
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
