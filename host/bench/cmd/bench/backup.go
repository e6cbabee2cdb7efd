package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/thawlog/thaw/host/bench/engine"
	"github.com/thawlog/thaw/host/bench/report"
	"github.com/thawlog/thaw/host/bench/workload"
)

// The measurements of a second backup into the same directory.
const (
	againNS      = "again"
	againWritten = "again bytes"
)

// backups copies every store's files, and then has its engine back it up.
func (d *data) backups(ctx context.Context) error {
	return d.withScratch(func(dir string) error {
		for round := range d.upkeepRounds() {
			for _, k := range d.stores {
				if e, err := named(k.Engine); err != nil {
					return err
				} else if !maintained(e) {
					continue
				}
				logf("%s: backup, round %d of %d", k.Engine, round+1, d.upkeepRounds())
				if err := d.backup(ctx, k, dir); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (d *data) backup(ctx context.Context, k *kept, dir string) error {
	src, dst := filepath.Join(dir, "store"), filepath.Join(dir, "copy")
	if err := cloneDir(k.dir, src, copyFile, everyFile); err != nil {
		return err
	}
	size := k.bytes(everyFile)
	for _, do := range []string{"copy", "backup"} {
		o, err := measure(ctx, job{Do: do, Engine: k.Engine, Dir: src, Destination: dst, Spec: d.spec})
		if err != nil {
			return err
		}
		if o.NoUpkeep {
			continue
		}
		d.add(do, k.Engine, size/(float64(o.TookNS)/1e9))
		for what, v := range o.Warm {
			d.add("backup "+what, k.Engine, v)
		}
		if do == "backup" {
			if err := sameEvents(k.Engine, dst, d.n); err != nil {
				return err
			}
		}
		if err := os.RemoveAll(dst); err != nil {
			return err
		}
	}
	return nil
}

// sameEvents checks that the store in dir has at least n events.
func sameEvents(name, dir string, n uint64) error {
	e, err := named(name)
	if err != nil {
		return err
	}
	r, err := e.Open(dir)
	if err != nil {
		return err
	}
	_, err = r.BySequence(n - 1)
	return errors.Join(err, r.Close())
}

// copyStore copies the files of a store, each synced.
func copyStore(j *job) (o outcome, err error) {
	return o, o.timed(func() error { return cloneDir(j.Dir, j.Destination, copyFile, everyFile) })
}

// backUp backs a store up. An engine that can do it with an open store then gets a
// hundredth of its events more, and is backed up again.
func backUp(j *job) (o outcome, err error) {
	err = keptUp(j, func(w engine.Writer, b engine.Backuper) error {
		if err := o.timed(func() error { return b.Backup(j.Destination) }); err != nil {
			return err
		}
		events := make([]engine.Event, max(j.Spec.N/100, 1))
		workload.New(j.Spec).Next(events)
		for i := range events {
			events[i].Correlation, events[i].Causation = engine.ID{}, engine.ID{}
		}
		if err := w.AppendBatch(events); err != nil {
			return err
		}
		wrote := writtenBytes()
		var again outcome
		err := again.timed(func() error { return b.Backup(j.Destination) })
		o.Warm = map[string]float64{againNS: float64(again.TookNS), againWritten: float64(writtenBytes() - wrote)}
		return err
	}, func(u engine.Upkeep) error {
		if err := os.MkdirAll(j.Destination, 0o755); err != nil {
			return err
		}
		return o.timed(func() error { return u.Backup(j.Dir, j.Destination) })
	})
	return o.withoutUpkeep(err)
}

func (d *data) backupTable() report.Table {
	t := report.Table{
		Title: "backup",
		Note: fmt.Sprintf("Of the whole store, thaw's while it is open for writing. Then thaw appends %s events and is backed up again into the same directory. "+
			"SQLite's is its backup API, bbolt's Tx.WriteTo; both then copy everything again.", report.Grouped(int64(max(d.n/100, 1)))),
		Rows: []report.Row{
			d.row("copies of the same files, each synced", "copy", report.BytesPerSec),
			d.row("full backup", "backup", report.BytesPerSec),
		},
	}
	ratio := report.Row{Name: "full backup to the copies, speed", Unit: report.Times}
	size := report.Row{Name: "bytes of the store", Unit: report.Bytes}
	for _, k := range d.stores {
		if v, found := t.Rows[1].Values[k.Engine]; found {
			ratio.Set(k.Engine, v/t.Rows[0].Values[k.Engine])
			size.Set(k.Engine, k.bytes(everyFile))
		}
	}
	t.Rows = append(t.Rows, ratio, size,
		d.row("backup of what is new", "backup "+againNS, report.Nanoseconds),
		d.row("bytes that it wrote", "backup "+againWritten, report.Bytes))
	return t
}
