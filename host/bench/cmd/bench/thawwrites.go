package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/thawlog/thaw/host/bench/report"
	"github.com/thawlog/thaw/host/bench/workload"
)

// thawWrites does the measurements of appends and followers that only thaw has.
func (d *data) thawWrites(ctx context.Context) error {
	if d.thaw == nil {
		return nil
	}
	spec := workload.Spec{Data: d.spec.Data, N: max(min(d.n/5, 200_000), 1), Seed: seed}
	scope := workload.Ask(spec).Scope
	for round := range d.rounds {
		logf("%s: thaw's appends and followers, round %d of %d", d.spec.Data, round+1, d.rounds)
		for _, do := range []string{"unconditional", "conditional", "unsynced", "unsynced if", "follow", "follow other"} {
			dir := filepath.Join(d.dir, fmt.Sprintf("append-%d", os.Getpid()))
			o, err := measure(ctx, job{Do: do, Engine: subject, Dir: dir, Spec: spec, Scope: scope})
			if err = errors.Join(err, os.RemoveAll(dir)); err != nil {
				return err
			}
			if o.WriteNS > 0 {
				d.add(do, subject, float64(spec.N)/float64(o.WriteNS)*1e9)
			}
			for what, ns := range o.Warm {
				d.add(do+" "+what, subject, ns)
			}
		}
	}
	return nil
}

func (d *data) thawWritesTable() report.Table {
	t := report.Table{
		Title: "thaw alone: conditions and followers",
		Note: fmt.Sprintf("A condition is host.Unless with one region. A follower's times are from the start of an append to the event with its payload in the follower's loop, "+
			"%s appends %s apart and not synced.", report.Grouped(followEvents), followPause),
		Engines: []string{subject},
		Rows: []report.Row{
			d.row("batches of 1,000, on disk", "unconditional", report.PerSecond),
			d.row("the same, each event with a condition", "conditional", report.PerSecond),
			d.row("singly, one goroutine, not synced", "unsynced", report.PerSecond),
			d.row("the same, each event with a condition", "unsynced if", report.PerSecond),
			d.row("follower in the same process, median", "follow "+latency50, report.Nanoseconds),
			d.row("99 of 100 within", "follow "+latency99, report.Nanoseconds),
			d.row("follower in another process, median", "follow other "+latency50, report.Nanoseconds),
			d.row("99 of 100 within", "follow other "+latency99, report.Nanoseconds),
			d.row("its processor time in an idle second", "follow other "+idleShare, report.Nanoseconds),
		},
	}
	return t
}
