package main

import "github.com/thawlog/thaw/host/bench/report"

// results collects the numbers of all rounds, by measurement and engine.
type results map[string]map[string][]float64

func (r results) add(what, engine string, v float64) {
	if r[what] == nil {
		r[what] = map[string][]float64{}
	}
	r[what][engine] = append(r[what][engine], v)
}

// row returns the medians of a measurement.
func (r results) row(name, what string, unit report.Unit) report.Row {
	row := report.Row{Name: name, Unit: unit}
	for engine, values := range r[what] {
		row.Set(engine, report.Median(values))
	}
	return row
}

// charted is row with a name in the chart.
func (r results) charted(name, what string, unit report.Unit, chart string) report.Row {
	row := r.row(name, what, unit)
	row.Chart = chart
	return row
}
