package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/bench/engine"
	"github.com/thawlog/thaw/host/bench/report"
	"github.com/thawlog/thaw/host/bench/workload"
)

const (
	// sessionEvents is the number of events of a segment before compaction, such as a short
	// session leaves.
	sessionEvents = 200
	segmentBatch  = 10 // the events written at once there; a segment is larger by half of them
	// The appends beside a compaction: a pause between two, and how many before it.
	besidePause  = time.Millisecond
	besideEvents = 1000 // at most
)

// compactions compacts thaw's events in segments of sessionEvents while another goroutine
// appends, and the other engines' stores, whose writers wait.
func (d *data) compactions(ctx context.Context) error {
	return d.withScratch(func(dir string) error {
		for _, k := range d.stores {
			if e, err := named(k.Engine); err != nil {
				return err
			} else if !maintained(e) {
				continue
			}
			src := k.dir
			if k.Engine == subject {
				src = filepath.Join(dir, "segments")
				frames := k.bytes(with(segment.Extension))
				logf("%s: %s events in segments of %d", subject, report.Grouped(int64(d.n)), sessionEvents)
				_, err := measure(ctx, job{Do: "segments", Engine: subject, Dir: src, Spec: d.spec,
					SegmentSize: int64(frames / float64(d.n) * (sessionEvents - segmentBatch/2))})
				if err != nil {
					return err
				}
				if err := eachFile(src, func(path string, _ fs.FileInfo) error { return syncFile(path) }); err != nil {
					return err // or the system writes them beside what is measured
				}
			}
			for round := range d.upkeepRounds() {
				logf("%s: compaction, round %d of %d", k.Engine, round+1, d.upkeepRounds())
				if err := d.compaction(ctx, k.Engine, src, filepath.Join(dir, "compacted")); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// compaction compacts a copy of a store.
func (d *data) compaction(ctx context.Context, name, src, dir string) error {
	if err := cloneDir(src, dir, copyFile, everyFile); err != nil {
		return err
	}
	look := func(when string) error {
		sizes, err := sizesOf(dir)
		if err != nil {
			return err
		}
		d.add("compact bytes "+when, name, sum(sizes, everyFile))
		if name == subject {
			segments := 0
			for file := range sizes {
				if strings.HasSuffix(file, segment.Extension) {
					segments++
				}
			}
			d.add("compact segments "+when, name, float64(segments))
		}
		o, err := measure(ctx, job{Do: "first", Engine: name, Dir: dir})
		d.add("compact open "+when, name, float64(o.OpenNS))
		return err
	}
	if err := look("before"); err != nil {
		return err
	}
	o, err := measure(ctx, job{Do: "compact", Engine: name, Dir: dir, Spec: d.spec})
	if err != nil {
		return err
	}
	if o.NoUpkeep {
		return nil
	}
	d.add("compact", name, float64(d.n)/float64(o.TookNS)*1e9)
	d.add("compact RSS", name, float64(o.RSS))
	for what, ns := range o.Warm {
		d.add("compact "+what, name, ns)
	}
	if err := look("after"); err != nil {
		return err
	}
	if name == subject {
		c, err := measure(ctx, job{Do: "append beside copy", Engine: name, Dir: dir, Source: src, Destination: dir + "-copy", TookNS: o.TookNS, Spec: d.spec})
		if err != nil {
			return err
		}
		for what, ns := range c.Warm {
			d.add("compact "+what, name, ns)
		}
	}
	return nil
}

// writeSegments loads thaw with segments of j.SegmentSize.
func writeSegments(j *job) (o outcome, err error) {
	ctx := context.Background()
	st, err := host.Open(ctx, j.Dir, host.Options{SegmentSize: j.SegmentSize, Durability: host.LoseUnsynced, NoMerge: true, Logger: quiet})
	if err != nil {
		return o, err
	}
	g := workload.New(j.Spec)
	events, items := make([]engine.Event, segmentBatch), make([]host.Item, segmentBatch)
	for n := g.Next(events); n > 0; n = g.Next(events) {
		for i := range n {
			items[i] = itemOf(&events[i])
		}
		if _, err := st.AppendBatch(ctx, items[:n]); err != nil {
			return o, errors.Join(err, st.Close())
		}
	}
	return o, st.Close()
}

// The latencies of single appends without and beside a compaction, and beside a copy.
const (
	withoutCompaction = "append without "
	besideCompaction  = "append beside "
	withoutCopy       = "append without the copy "
	besideCopy        = "append beside the copy "
)

// compact compacts a store; of an engine that can do it with an open store, a goroutine
// appends meanwhile, each event on disk before the next.
func compact(j *job) (o outcome, err error) {
	err = keptUp(j, func(w engine.Writer, c engine.Compacter) error {
		appends := appendBeside(w, j.Spec)
		defer appends.stop()
		appends.wait(int(min(besideEvents, j.Spec.N/10)))
		started := time.Now()
		if err := o.timed(c.Compact); err != nil {
			return err
		}
		o.RSS = peakRSS()
		return o.besides(appends, started, withoutCompaction, besideCompaction)
	}, func(u engine.Upkeep) error {
		err := o.timed(func() error { return u.Compact(j.Dir) })
		o.RSS = peakRSS()
		return err
	})
	return o.withoutUpkeep(err)
}

func (d *data) compactTable() report.Table {
	ratio := func(name, beside, without string) report.Row {
		row := report.Row{Name: name, Unit: report.Times}
		for engine, v := range d.row("", "compact "+beside+"p99", 0).Values {
			row.Set(engine, v/d.row("", "compact "+without+"p99", 0).Values[engine])
		}
		return row
	}
	t := report.Table{
		Title: "compaction",
		Note: fmt.Sprintf("thaw: %s events in segments of about %d, merged while a goroutine appends single events %s apart, each on disk; nothing is dropped. "+
			"Beside a copy: of the same segments into as many files as the compaction made, in its time, each piece on its way to the disk as it is written. "+
			"The other stores are as loaded: SQLite has VACUUM, bbolt its command compact; both while nobody writes.", report.Grouped(int64(d.n)), sessionEvents, besidePause),
		Rows: []report.Row{
			d.row("compaction", "compact", report.PerSecond),
			d.row("segments before", "compact segments before", report.Count),
			d.row("segments after", "compact segments after", report.Count),
			d.row("bytes on disk before", "compact bytes before", report.Bytes),
			d.row("bytes on disk after", "compact bytes after", report.Bytes),
			d.row("open before", "compact open before", report.Nanoseconds),
			d.row("open after", "compact open after", report.Nanoseconds),
			d.row("peak RSS", "compact RSS", report.Bytes),
		},
	}
	for _, p := range percentiles[:2] {
		t.Rows = append(t.Rows,
			d.row("an append without it, "+p.name, "compact "+withoutCompaction+p.name, report.Nanoseconds),
			d.row("an append beside it, "+p.name, "compact "+besideCompaction+p.name, report.Nanoseconds),
			d.row("an append beside a copy, "+p.name, "compact "+besideCopy+p.name, report.Nanoseconds))
	}
	t.Rows = append(t.Rows,
		ratio("p99 beside it to without", besideCompaction, withoutCompaction),
		ratio("p99 beside a copy to without", besideCopy, withoutCopy))
	return t
}
