package cli

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/host"
)

// errNoWriting is a file system that can only be read.
var errNoWriting = errors.New("the file system can only be read")

// writeOptions are the options of every command that writes.
func (a *app) writeOptions(wait patience) (host.Options, error) {
	fs, ok := a.env.FS.(fsabstraction.FS)
	if !ok {
		return host.Options{}, errNoWriting
	}
	return host.Options{
		FS:       fs,
		LockWait: time.Duration(wait),
		Logger:   slog.New(slog.DiscardHandler), // what it would say is told in words
	}, nil
}

// openWriting opens a store for writing, which makes it when it is not there, and
// tells what is wrong with it.
func (a *app) openWriting(ctx context.Context, dir string, wait patience) (*host.Store, error) {
	o, err := a.writeOptions(wait)
	if err != nil {
		return nil, &writeError{dir, err}
	}
	s, err := host.Open(ctx, dir, o)
	if err != nil {
		return nil, &writeError{dir, err}
	}
	report := s.Report()
	a.tellRefused(&report)
	for i, d := range report.Damages {
		if i == rowsAtMost {
			a.warn("note: and %s; thaw verify tells about the whole store", counted(len(report.Damages)-i, "more damage"))
			break
		}
		a.warn("note: %s", damageText(d)) // not told as damage: the command does what it is for
	}
	if report.Segments == 0 && report.Events == 0 {
		a.warn("note: %s held no *.fbat file: a new store begins there", dir)
	}
	if r := report.Recovered; r != nil {
		a.warn("note: %s", recoveredText(r))
	}
	return s, nil
}

// closeWritten closes a store and adds what goes wrong to the error of the work.
func (a *app) closeWritten(dir string, s *host.Store, err error) error {
	if closed := s.Close(); closed != nil && err == nil {
		err = &writeError{dir, closed}
	}
	if e := s.CloseReport().IndexError; e != nil {
		if errors.Is(e, host.ErrDamaged) {
			a.warn("note: index.fbati is not written while the store is damaged, so every open reads all segments; thaw rebuild --accept-damage makes one")
		} else {
			a.warn("note: the index was not written: %s; the events are safe, the next open reads from the segments what it lacks", bare(e))
		}
	}
	return err
}

// recoveredText says what was done about an unclean stop.
func recoveredText(r *host.Recovered) string {
	s := "the store was not closed; " + r.File
	switch {
	case r.Removed:
		s += ", which held no event, was removed"
	case r.Cut > 0:
		s += " was cut behind its last whole append, by " + counted(r.Cut, "byte") + ", and sealed"
	default:
		s += " was sealed"
	}
	if r.SetAside != "" {
		s += "; what was cut off is in " + r.SetAside
	}
	return s
}

// writeError is a store that could not be opened for writing or be written to.
type writeError struct {
	dir string
	err error
}

func (e *writeError) Error() string { return e.dir + ": " + bare(e.err) }
func (e *writeError) Unwrap() error { return e.err }
