package main

import (
	"fmt"
	"strings"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/host/bench/report"
	"github.com/thawlog/thaw/host/bench/workload"
)

// tables returns all measurements of one sort of data.
func (d *data) tables() (tables []report.Table) {
	for _, state := range d.caches {
		if len(d.results[state+" open"]) > 0 {
			tables = append(tables, d.firstTable(state))
		}
	}
	if len(d.results["warm RSS"]) > 0 {
		tables = append(tables, d.warmTable(), d.appendTable())
	}
	if !d.orders {
		tables = append(tables, d.storeTable())
	}
	if len(d.results["rebuild"]) > 0 {
		tables = append(tables, d.sizesTable(), d.aloneTable(), d.thawWritesTable())
	}
	if d.streamEvents > 0 {
		tables = append(tables, d.streamsTable())
	}
	if len(d.results["orders 0 load"]) > 0 {
		tables = append(tables, d.ordersTable())
	}
	if len(d.results["layer snapshot"]) > 0 {
		tables = append(tables, d.layerTable())
	}
	tables = append(tables, d.upkeepTables()...)
	for i := range tables {
		tables[i].Title = d.spec.Data + ": " + tables[i].Title
	}
	return tables
}

// describe names a question with its hits.
func (d *data) describe(what string) string {
	switch what {
	case "entity":
		return "entity, " + hits(d.q.Entities[0].Answer)
	case "stream":
		return "stream, " + hits(d.q.Entities[0].Answer) + " with payloads"
	case "scope":
		return "scope, " + hits(d.q.Scope.Answer)
	case "kind":
		return "kind, " + hits(d.q.Kind.Answer)
	case "id":
		return "id, with payload"
	}
	return what
}

func hits(a workload.Answer) string { return report.Grouped(int64(a.Hits)) + " hits" }

var stateTitles = map[string]string{
	written:   "first query, page cache after writing",
	readAhead: "first query, page cache after read-ahead",
}

func (d *data) firstTable(state string) report.Table {
	t := report.Table{
		Title: stateTitles[state],
		Note:  "A fresh process each; the rows of sums are open and question together, the time a caller waits.",
		Rows:  []report.Row{d.row("open", state+" open", report.Nanoseconds)},
	}
	for _, what := range kinds {
		t.Rows = append(t.Rows, d.row(d.describe(what), state+" ask "+what, report.Nanoseconds))
	}
	for _, what := range kinds {
		chart := ""
		if state == d.caches[len(d.caches)-1] {
			chart = "open, " + d.describe(what)
		}
		t.Rows = append(t.Rows, d.charted("sum: open, "+d.describe(what), state+" both "+what, report.Nanoseconds, chart))
	}
	t.Rows = append(t.Rows, d.row("Go heap after open", state+" heap", report.Bytes))
	t.Rows = append(t.Rows, d.row("peak RSS after open", state+" RSS "+nothing, report.Bytes))
	for _, what := range kinds {
		t.Rows = append(t.Rows, d.row("peak RSS after open, "+what, state+" RSS "+what, report.Bytes))
	}
	return t
}

func (d *data) warmTable() report.Table {
	t := report.Table{Title: "queries in an open store", Note: fmt.Sprintf(
		"One process: entity, id and sequence each the median of up to %d different ones, scope and kind of %d repetitions; "+
			"all of them asked %d times before or, in the rows marked so, once.",
		workload.Samples, warmRepeats, warmPasses-1)}
	for _, what := range kinds {
		t.Rows = append(t.Rows, d.row(d.describe(what), "warm "+what, report.Nanoseconds))
	}
	for _, what := range kinds {
		t.Rows = append(t.Rows, d.row("second time: "+d.describe(what), "warm "+again+what, report.Nanoseconds))
	}
	t.Rows = append(t.Rows, d.row("peak RSS after all of them", "warm RSS", report.Bytes))
	return t
}

func (d *data) appendTable() report.Table {
	batches, singly := d.appendCounts()
	return report.Table{Title: "append, on disk before it returns", Rows: []report.Row{
		d.charted(report.Grouped(int64(batches))+" events, 1,000 at a time", "batches", report.PerSecond, "1,000 at a time"),
		d.row("close after them", "batches close", report.Nanoseconds),
		d.charted(fmt.Sprintf("%s events, singly, %d goroutines", report.Grouped(int64(singly)), goroutines), "singly", report.PerSecond,
			fmt.Sprintf("singly, %d goroutines", goroutines)),
		d.row("close after them", "singly close", report.Nanoseconds),
	}}
}

func (d *data) storeTable() report.Table {
	t := report.Table{
		Title: "the whole store",
		Note:  "Loaded once, 1,000 events at a time, each batch on disk before the next; a cached store has the figures of its loading.",
		Rows: []report.Row{
			d.row("load", "load", report.PerSecond),
			d.row("close after it", "close", report.Nanoseconds),
			d.row("peak RSS before the close", "load RSS", report.Bytes),
			d.row("bytes on disk", "bytes", report.Bytes),
		},
	}
	if d.thaw == nil {
		return t
	}
	for _, part := range []struct {
		name string
		take func(string) bool
	}{
		{"of these segments", with(segment.Extension)},
		{"of these " + artifact.FileName, func(name string) bool { return name == artifact.FileName }},
		{"of these *" + index.Extension, with(index.Extension)},
	} {
		row := report.Row{Name: part.name, Unit: report.Bytes}
		row.Set(subject, d.thaw.bytes(part.take))
		t.Rows = append(t.Rows, row)
	}
	return t
}

// with returns a function that reports whether a file name has an ending.
func with(ending string) func(name string) bool {
	return func(name string) bool { return strings.HasSuffix(name, ending) }
}

func sizeName(n uint64) string { return report.Grouped(int64(n)) + " events" }

func (d *data) sizesTable() report.Table {
	t := report.Table{Title: "thaw by size", Rows: []report.Row{
		d.row("open", "sizes open", report.Nanoseconds),
		d.row("Go heap after open", "sizes heap", report.Bytes),
		d.row("peak RSS after open", "sizes RSS", report.Bytes),
	}}
	for _, n := range d.sizes {
		t.Engines = append(t.Engines, sizeName(n))
	}
	ratio := report.Row{Name: "open, to that of " + t.Engines[0], Unit: report.Times}
	base := t.Rows[0].Values[t.Engines[0]]
	for _, column := range t.Engines {
		ratio.Set(column, t.Rows[0].Values[column]/base)
	}
	t.Rows = append(t.Rows, ratio)
	return t
}

func (d *data) aloneTable() report.Table {
	t := report.Table{Title: "thaw alone", Engines: []string{subject}, Rows: []report.Row{
		d.row("index rebuilt from all frames", "rebuild", report.Nanoseconds),
		{Name: "the same in events", Unit: report.PerSecond},
		d.row("peak RSS of that", "rebuild RSS", report.Bytes),
		d.row("close after all events", "close", report.Nanoseconds),
		d.row("check of the whole index", "check", report.BytesPerSec),
		d.row("CRC-32C of the same bytes in memory, one core", "crc32c", report.BytesPerSec),
		d.row("these bytes", "crc32c bytes", report.Bytes),
	}}
	t.Rows[1].Set(subject, float64(d.n)/t.Rows[0].Values[subject]*1e9)
	return t
}

// hasSuffix returns a function that reports whether a name ends in suffix.
func hasSuffix(suffix string) func(string) bool {
	return func(name string) bool { return strings.HasSuffix(name, suffix) }
}
