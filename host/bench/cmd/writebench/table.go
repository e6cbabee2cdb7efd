package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/thawlog/thaw/host/bench/writers"
)

// table gathers measurements by row and engine.
type table struct{ cells [][][]figures }

func newTable(rows, columns int) *table {
	t := &table{make([][][]figures, rows)}
	for i := range t.cells {
		t.cells[i] = make([][]figures, columns)
	}
	return t
}

func (t *table) add(row, column int, f figures) {
	t.cells[row][column] = append(t.cells[row][column], f)
}

// median is the median of one figure of a cell.
func median(cell []figures, of func(figures) float64) float64 {
	values := make([]float64, len(cell))
	for i, f := range cell {
		values[i] = of(f)
	}
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// text is the table. Ratios are those of the first engine to each.
func (t *table) text(o options) string {
	var b strings.Builder
	fmt.Fprintf(&b, "medians of %d, %s, %d processors\n", o.rounds, runtime.GOARCH, runtime.NumCPU())
	speed := func(f figures) float64 { return f.EventsPerSec }
	for m, row := range t.cells {
		fmt.Fprintf(&b, "\n%s, %d events\n", modes[m].name, row[0][0].Events)
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(w, "\tevents/s\tthaw is\tfiles/payload\twritten/payload\tallocs/event\tclose\t")
		for e, cell := range row {
			fmt.Fprintf(w, "%s\t%.0f\t%.2f x\t%.2f\t%.2f\t%.1f\t%v\t\n", writers.Engines[e].Name,
				median(cell, speed), median(row[0], speed)/median(cell, speed),
				median(cell, func(f figures) float64 { return f.DiskPerPayload }),
				median(cell, func(f figures) float64 { return f.WrittenPerPayload }),
				median(cell, func(f figures) float64 { return f.Allocs }),
				time.Duration(median(cell, func(f figures) float64 { return float64(f.CloseNS) })).Round(time.Millisecond))
		}
		w.Flush()
	}
	fmt.Fprintln(&b)
	for _, e := range writers.Engines {
		fmt.Fprintf(&b, "%s: %s\n", e.Name, e.How)
	}
	return b.String()
}
