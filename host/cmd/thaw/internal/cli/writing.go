package cli

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/host"
)

// errNoWriting is the error of a read-only file system.
var errNoWriting = errors.New("the file system is read-only")

// writeOptions are the options of every command that writes.
func (a *app) writeOptions(wait patience) (host.Options, error) {
	fs, ok := a.env.FS.(fsabstraction.FS)
	if !ok {
		return host.Options{}, errNoWriting
	}
	return host.Options{
		FS:       fs,
		LockWait: time.Duration(wait),
		Logger:   slog.New(slog.DiscardHandler), // the command prints the report itself
	}, nil
}

// openWriting opens a store for writing, creates it if it does not exist, and lists its
// refused files and damage on stderr.
func (a *app) openWriting(ctx context.Context, dir string, wait patience) (*host.Store, error) {
	return a.openToTry(ctx, dir, wait, false)
}

// openToTry is openWriting; with dryRun, no segments are merged while the store is open.
func (a *app) openToTry(ctx context.Context, dir string, wait patience, dryRun bool) (*host.Store, error) {
	o, err := a.writeOptions(wait)
	if err != nil {
		return nil, &writeError{dir, err}
	}
	o.NoMerge = dryRun
	s, err := host.Open(ctx, dir, o)
	if err != nil {
		return nil, &writeError{dir, err}
	}
	report := s.Report()
	a.listRefused(&report)
	for i, d := range report.Damages {
		if i == rowsAtMost {
			a.warn("note: and %s; thaw verify lists all", counted(len(report.Damages)-i, "more damage"))
			break
		}
		a.warn("note: %s", damageText(d)) // only a note: the command still succeeds
	}
	if report.Segments == 0 && report.Events == 0 {
		a.warn("note: %s had no *.fbat file: created a new store", dir)
	}
	if r := report.Recovered; r != nil {
		a.warn("note: %s", recoveredText(r))
	}
	return s, nil
}

// closeWritten closes a store, prints a note if its index was not written, and returns the
// first error of the work and the close.
func (a *app) closeWritten(dir string, s *host.Store, err error) error {
	if closed := s.Close(); closed != nil && err == nil {
		err = &writeError{dir, closed}
	}
	if e := s.CloseReport().IndexError; e != nil {
		if errors.Is(e, host.ErrDamaged) {
			a.warn("note: index.fbati is not written while the store is damaged, so every open reads all segments; thaw rebuild --accept-damage writes one")
		} else {
			a.warn("note: the index was not written: %s; the events are safe; the next open reads them from the segments", bare(e))
		}
	}
	return err
}

// recoveredText describes the repair of an unclean stop.
func recoveredText(r *host.Recovered) string {
	s := "the store was not closed; " + r.File
	switch {
	case r.Removed:
		s += ", which had no events, was removed"
	case r.Cut > 0:
		s += " was truncated by " + counted(r.Cut, "byte") + " after its last complete append and sealed"
	default:
		s += " was sealed"
	}
	if r.SetAside != "" {
		s += "; the removed bytes are in " + r.SetAside
	}
	return s
}

// writeError is the error of opening a store for writing or writing to it.
type writeError struct {
	dir string
	err error
}

func (e *writeError) Error() string { return named(e.dir, bare(e.err)) }
func (e *writeError) Unwrap() error { return e.err }
