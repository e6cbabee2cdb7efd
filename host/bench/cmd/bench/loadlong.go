package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/host/bench/engine"
	"github.com/thawlog/thaw/host/bench/report"
	"github.com/thawlog/thaw/host/bench/workload"
)

// The measurements of "load long", in ns unless they say otherwise.
const (
	longRate    = "rate "  // events per second, followed by the number of a tenth from 1
	longAll     = "all "   // of every batch, followed by a percentile
	longMerging = "merge " // of the batches that a merge of files ran beside
	longQuiet   = "quiet " // of the others
	longShare   = "share"  // of the batches beside a merge, of 1
	longWritten = "written"
	longRSS     = "RSS closed"
	longOwn     = "own memory" // the most after any batch; see ownMemory
)

// tenths is the number of parts of a load with a rate of their own.
const tenths = 10

var percentiles = []struct {
	name  string
	share float64
}{{"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}}

// loadLong is load with the latency of every batch.
func loadLong(j *job) (o outcome, err error) {
	w, err := create(j)
	if err != nil {
		return o, err
	}
	merger, _ := w.(engine.Merger)
	merging := func() bool { return merger != nil && merger.Merging() }
	g := workload.New(j.Spec)
	events := make([]engine.Event, batchSize)
	var quiet, merged []float64
	var own int64
	o.Warm = map[string]float64{}
	wrote := writtenBytes()
	for part := range uint64(tenths) {
		var took time.Duration
		begin, end := part*j.Spec.N/tenths, (part+1)*j.Spec.N/tenths
		for at := begin; at < end; {
			batch := events[:g.Next(events[:min(batchSize, end-at)])]
			at += uint64(len(batch))
			before := merging()
			started := time.Now()
			if err := w.AppendBatch(batch); err != nil {
				return o, errors.Join(err, w.Close())
			}
			t := time.Since(started)
			took += t
			if before || merging() {
				merged = append(merged, float64(t))
			} else {
				quiet = append(quiet, float64(t))
			}
			own = max(own, ownMemory())
		}
		if took > 0 {
			o.Warm[tenth(int(part))] = float64(end-begin) / took.Seconds()
		}
		o.WriteNS += took.Nanoseconds()
	}
	if err := closeTimed(w, &o); err != nil {
		return o, err
	}
	o.Warm[longRSS] = float64(peakRSS())
	o.Warm[longOwn] = float64(max(own, ownMemory()))
	o.Warm[longWritten] = float64(writtenBytes() - wrote)
	if merger != nil && len(merged) > 0 {
		addPercentiles(o.Warm, longMerging, merged)
		addPercentiles(o.Warm, longQuiet, quiet)
		o.Warm[longShare] = float64(len(merged)) / float64(len(merged)+len(quiet))
	}
	addPercentiles(o.Warm, longAll, append(merged, quiet...))
	return o, nil
}

func tenth(i int) string { return fmt.Sprint(longRate, i+1) }

// addPercentiles sorts values and adds their percentiles, if there are any.
func addPercentiles(to map[string]float64, prefix string, values []float64) {
	slices.Sort(values)
	for _, p := range percentiles {
		if len(values) > 0 {
			to[prefix+p.name] = values[min(int(p.share*float64(len(values))), len(values)-1)]
		}
	}
}

// longSpec returns the events of the long load.
func (o *options) longSpec() workload.Spec {
	return workload.Spec{Data: workload.Regular, N: o.load, Seed: seed}
}

// longLoads loads o.load events into every engine with upkeep, once: the others would need
// hours. thaw's store stays until forks end.
func (d *data) longLoads(ctx context.Context) error {
	if d.load == 0 {
		return nil
	}
	for _, e := range d.engines {
		if !maintained(e) {
			continue
		}
		logf("a load of %s events into %s", report.Grouped(int64(d.load)), e.Name())
		err := d.withScratch(func(dir string) error {
			dir = filepath.Join(dir, e.Name())
			o, err := measure(ctx, job{Do: "load long", Engine: e.Name(), Dir: dir, Spec: d.longSpec()})
			if err != nil {
				return err
			}
			return errors.Join(d.addLong(e.Name(), dir, o), d.forks(ctx, e, dir))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *data) addLong(name, dir string, o outcome) error {
	for what, v := range o.Warm {
		d.add("long "+what, name, v)
	}
	d.add("long load", name, float64(d.load)/float64(o.WriteNS)*1e9)
	d.add("long close", name, float64(o.CloseNS))
	d.add("long RSS", name, float64(o.RSS))
	sizes, err := sizesOf(dir)
	if err != nil {
		return err
	}
	d.add("long bytes", name, sum(sizes, func(string) bool { return true }))
	d.add("long written/event", name, o.Warm[longWritten]/float64(d.load))
	if frames := sum(sizes, with(segment.Extension)); frames > 0 {
		d.add("long written/frames", name, o.Warm[longWritten]/frames)
	}
	return nil
}

func sum(sizes map[string]int64, take func(name string) bool) float64 {
	return (&kept{Sizes: sizes}).bytes(take)
}

// longTable has the loads. Rows of the last tenth to the first ones show how the cost of an event
// grows: the index is small in the first.
func (d *data) longTable() report.Table {
	t := report.Table{
		Title: fmt.Sprintf("a load of %s events", report.Grouped(int64(d.load))),
		Note: "Once, in batches of 1,000, each on disk before the next, only by engines whose load ends in minutes. Percentiles are of the times of a batch. " +
			"Beside a merge: thaw had an index file open for writing when the batch began or ended.",
	}
	for i := range tenths {
		t.Rows = append(t.Rows, d.row(fmt.Sprintf("events %s to %s", report.Grouped(int64(d.load)*int64(i)/tenths), report.Grouped(int64(d.load)*int64(i+1)/tenths)),
			"long "+tenth(i), report.PerSecond))
	}
	slower := func(name string, than int) {
		r := report.Row{Name: name, Unit: report.Times}
		for engine, last := range t.Rows[tenths-1].Values {
			r.Set(engine, t.Rows[than].Values[engine]/last)
		}
		t.Rows = append(t.Rows, r)
	}
	slower("cost of an event, last tenth to first", 0)
	slower("cost of an event, last tenth to second", 1)
	for _, group := range []struct{ name, prefix string }{{"a batch", longAll}, {"a batch without a merge", longQuiet}, {"a batch beside a merge", longMerging}} {
		for _, p := range percentiles {
			t.Rows = append(t.Rows, d.row(group.name+", "+p.name, "long "+group.prefix+p.name, report.Nanoseconds))
		}
	}
	return report.Table{Title: t.Title, Note: t.Note, Rows: append(t.Rows,
		d.row("batches beside a merge, of 1", "long "+longShare, report.Mean),
		d.row("close", "long close", report.Nanoseconds),
		d.row("peak RSS before the close", "long RSS", report.Bytes),
		d.row("peak RSS after it", "long "+longRSS, report.Bytes),
		d.row("most memory without pages of files", "long "+longOwn, report.Bytes),
		d.row("bytes on disk", "long bytes", report.Bytes),
		d.row("bytes written for an event", "long written/event", report.Bytes),
		d.row("bytes written for a byte of segments", "long written/frames", report.Times),
	)}
}
