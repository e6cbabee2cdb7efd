package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/thawlog/thaw/host/bench/engine"
	"github.com/thawlog/thaw/host/bench/report"
)

// maintained reports whether upkeep is measured with an engine.
func maintained(e engine.Engine) bool {
	_, ok := e.(engine.Upkeep)
	return ok || e.Name() == subject
}

// upkeepRounds returns the number of measurements of upkeep, of which each takes seconds.
func (o *options) upkeepRounds() int { return min(o.rounds, 3) }

// withScratch calls f with a new directory beside the stores, and removes it.
func (o *options) withScratch(f func(dir string) error) error {
	dir := filepath.Join(o.dir, fmt.Sprintf("upkeep-%d", os.Getpid()))
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		err = f(dir)
	}
	return errors.Join(err, os.RemoveAll(dir))
}

func everyFile(string) bool { return true }

// timed adds the time of f to the outcome.
func (o *outcome) timed(f func() error) error {
	started := time.Now()
	err := f()
	o.TookNS = time.Since(started).Nanoseconds()
	return err
}

// keptUp opens the store of a job whose engine's Writer has the interface T, and calls f.
// If the engine's stores are closed for their upkeep, closed does the work instead.
func keptUp[T any](j *job, f func(engine.Writer, T) error, closed func(engine.Upkeep) error) error {
	e, err := named(j.Engine)
	if err != nil {
		return err
	}
	if u, ok := e.(engine.Upkeep); ok {
		return closed(u)
	}
	create := e.Create
	if m, ok := e.(engine.Unmerged); ok {
		create = m.CreateUnmerged
	}
	w, err := create(j.Dir)
	if err != nil {
		return err
	}
	running, ok := w.(T)
	if !ok {
		return errors.Join(errNoUpkeep, w.Close())
	}
	return errors.Join(f(w, running), w.Close())
}

// withoutUpkeep returns an outcome that says so if err is errNoUpkeep.
func (o outcome) withoutUpkeep(err error) (outcome, error) {
	if errors.Is(err, errNoUpkeep) {
		return outcome{NoUpkeep: true}, nil
	}
	return o, err
}

var errNoUpkeep = errors.New("the engine has no such upkeep")

func (d *data) upkeepTables() (tables []report.Table) {
	for _, t := range []struct {
		what  string
		table func() report.Table
	}{{"compact", d.compactTable}, {"backup", d.backupTable}, {"redact spread", d.redactTable}, {"long load", d.longTable}, {"fork", d.forkTable}} {
		if len(d.results[t.what]) > 0 {
			tables = append(tables, t.table())
		}
	}
	return tables
}
