package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/thawlog/thaw/host/bench/engine/sqlite"
	"github.com/thawlog/thaw/host/bench/report"
)

// layerCounts returns the number of events for the projections in memory and into SQLite.
func (o *options) layerCounts() (memory, sql int) {
	return int(o.n), min(max(int(o.n)/5, 1), 200_000)
}

// policyCounts returns the number of judged appends and of reactions.
func (o *options) policyCounts() (judged, reactions int) {
	return min(max(int(o.n)/10, gateRounds), 100_000), min(max(int(o.n)/1000, 10), 500)
}

// measureLayer measures what only thaw's layer above the log has. The column is thaw's.
func (d *data) measureLayer(ctx context.Context) (err error) {
	if !d.chosen(subject) {
		return nil
	}
	memory, rows := d.layerCounts()
	memoryDir, err := d.fillOrders(ctx, memory)
	defer func() { err = errors.Join(err, os.RemoveAll(memoryDir)) }()
	if err != nil {
		return err
	}
	rowsDir, err := d.fillOrders(ctx, rows)
	defer func() { err = errors.Join(err, os.RemoveAll(rowsDir)) }()
	if err != nil {
		return err
	}
	jobs := []job{
		{Do: "load snapshot", Orders: d.ordersSteps()[0].orderCounts},
		{Do: "project memory", Dir: memoryDir, Orders: orderCounts{Events: memory, Orders: 1}},
		{Do: "project memory", Dir: memoryDir, Orders: orderCounts{Events: memory, Orders: 3}},
	}
	gates, reactions := d.policyCounts()
	jobs = append(jobs, job{Do: "judged", Orders: orderCounts{Events: gates}}, job{Do: "reaction", Orders: orderCounts{Events: reactions}})
	if sqlite.Available {
		jobs = append(jobs,
			job{Do: "project sql", Source: rowsDir, Orders: orderCounts{Events: rows}},
			job{Do: "insert sql", Source: rowsDir, Orders: orderCounts{Events: rows}})
	}
	for round := range d.rounds {
		logf("thaw's layer, round %d of %d", round+1, d.rounds)
		for _, j := range jobs {
			j.Engine = subject
			do := d.measureFresh
			if j.Dir != "" { // which it only reads
				do = measure
			}
			o, err := do(ctx, j)
			if err != nil {
				return err
			}
			d.addWarm("layer ", subject, o)
			if o.TookNS > 0 {
				d.add(fmt.Sprintf("layer %s %d", j.Do, j.Orders.Orders), subject, float64(j.Orders.Events)/float64(o.TookNS)*1e9)
			}
		}
	}
	return nil
}

// fillOrders writes a store of n events for projections, and returns its directory.
func (d *data) fillOrders(ctx context.Context, n int) (dir string, err error) {
	dir = filepath.Join(d.dir, fmt.Sprintf("orders-%d-%d", n, os.Getpid()))
	logf("writing %s events of orders", report.Grouped(int64(n)))
	_, err = measure(ctx, job{Do: "fill orders", Engine: subject, Dir: dir, Orders: orderCounts{Events: n}})
	return dir, err
}

// chosen reports whether an engine takes part.
func (o *options) chosen(engine string) bool {
	for _, e := range o.engines {
		if e.Name() == engine {
			return true
		}
	}
	return false
}

func (d *data) layerTable() report.Table {
	memory, rows := d.layerCounts()
	load := d.ordersSteps()[0].Long
	t := report.Table{
		Title:   "thaw alone: the layer above the log",
		Engines: []string{subject},
		Note: fmt.Sprintf("Projections read a store of %s events of orders, decoded; those into SQLite one of %s, a row each, %s in a transaction, compared with the same rows from a slice.",
			report.Grouped(int64(memory)), report.Grouped(int64(rows)), report.Grouped(batchSize)),
		Rows: []report.Row{
			d.row(fmt.Sprintf("load an order of %s events, with a snapshot", report.Grouped(int64(load))), "layer snapshot", report.Nanoseconds),
			d.row("projection in memory", "layer project memory 1", report.PerSecond),
			d.row("three of them in one scan", "layer project memory 3", report.PerSecond),
			d.quotient("time of three, to that of one", "layer project memory 1", "layer project memory 3"),
			d.row("projection into SQLite", "layer project sql 0", report.PerSecond),
			d.row("the same rows from a slice", "layer insert sql 0", report.PerSecond),
			d.quotient("speed of the projection, to that of the slice", "layer project sql 0", "layer insert sql 0"),
			d.row("append, not synced", "layer append free", report.Nanoseconds),
			d.difference("the same judged by three gates: added", "layer append judged", "layer append free", report.Nanoseconds),
			d.difference("allocations added", "layer allocations judged", "layer allocations free", report.Mean),
			d.row("append, on disk, median", "layer durable append", report.Nanoseconds),
			d.row("reaction, from the answer to its trigger until on disk, median", "layer reaction", report.Nanoseconds),
			d.difference("more than an append", "layer reaction", "layer durable append", report.Nanoseconds),
		},
	}
	return t
}

// quotient is a row with the median of the quotients of each round.
func (d *data) quotient(name, of, by string) report.Row {
	return d.combined(name, of, by, report.Times, func(a, b float64) float64 { return a / b })
}

// difference is a row with the median of the differences of each round.
func (d *data) difference(name, of, less string, unit report.Unit) report.Row {
	return d.combined(name, of, less, unit, func(a, b float64) float64 { return a - b })
}

func (d *data) combined(name, of, with string, unit report.Unit, f func(a, b float64) float64) report.Row {
	row := report.Row{Name: name, Unit: unit}
	var values []float64
	b := d.results[with][subject]
	for i, a := range d.results[of][subject] {
		values = append(values, f(a, b[i]))
	}
	if len(values) > 0 {
		row.Set(subject, report.Median(values))
	}
	return row
}
