package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/thawlog/thaw/host/bench/engine"
	"github.com/thawlog/thaw/host/bench/report"
)

// forks forks the store of the large load after nine tenths of its events.
func (d *data) forks(ctx context.Context, e engine.Engine, dir string) error {
	if _, ok := e.(engine.Forker); !ok {
		return nil
	}
	dst := dir + "-fork"
	for round := range d.rounds {
		logf("%s: fork, round %d of %d", e.Name(), round+1, d.rounds)
		o, err := measure(ctx, job{Do: "fork", Engine: e.Name(), Dir: dir, Destination: dst, Spec: d.longSpec()})
		if err = errors.Join(err, os.RemoveAll(dst)); err != nil {
			return err
		}
		d.add("fork", e.Name(), float64(o.TookNS))
		d.add("fork bytes", e.Name(), float64(o.Bytes))
	}
	return nil
}

// fork forks a store and checks that exactly the wanted events are there.
func fork(j *job) (o outcome, err error) {
	e, err := named(j.Engine)
	if err != nil {
		return o, err
	}
	f, ok := e.(engine.Forker)
	if !ok {
		return o, errNoUpkeep
	}
	last := max(j.Spec.N*9/10, 1) - 1 // the last of a batch, see loadLong: a fork has whole batches
	wrote := writtenBytes()
	if err := o.timed(func() error { return f.Fork(j.Dir, last, j.Destination) }); err != nil {
		return o, err
	}
	o.Bytes = writtenBytes() - wrote
	r, err := e.Open(j.Destination)
	if err != nil {
		return o, err
	}
	if _, err = r.BySequence(last); err == nil {
		if _, beyond := r.BySequence(last + 1); beyond == nil {
			err = fmt.Errorf("the fork after event %d has a later one", last)
		}
	}
	return o, errors.Join(err, r.Close())
}

func (d *data) forkTable() report.Table {
	return report.Table{
		Title:   fmt.Sprintf("fork of %s events", report.Grouped(int64(d.load))),
		Note:    "A store of its own with the first nine tenths of the events, in a fresh process, on disk when it returns.",
		Engines: []string{subject},
		Rows: []report.Row{
			d.row("fork", "fork", report.Nanoseconds),
			d.row("bytes that it wrote", "fork bytes", report.Bytes),
		},
	}
}
