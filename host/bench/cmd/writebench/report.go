package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/thawlog/thaw/host/bench/figures"
)

// report is what -json prints; the table shows the medians.
type report struct {
	Rounds int         `json:"rounds"`
	CPUs   int         `json:"cpus"`
	GOOS   string      `json:"goos"`
	GOARCH string      `json:"goarch"`
	Go     string      `json:"go"`
	Load   float64     `json:"load"`    // 1-minute load average when the runs began; 0 where unknown
	SyncNS int64       `json:"sync_ns"` // of a write of sync_bytes and its sync, without any engine
	Sync   int         `json:"sync_bytes"`
	Rows   []rowReport `json:"rows"`
}

type rowReport struct {
	Case   string   `json:"case"`
	Engine string   `json:"engine"`
	What   string   `json:"what"`
	Median median   `json:"median"`
	Runs   []result `json:"runs"`

	about string // the case in words
}

// median holds medians taken column by column.
type median struct {
	EventsPerSecond    float64 `json:"events_per_second"`
	MinEventsPerSecond float64 `json:"min_events_per_second"`
	MaxEventsPerSecond float64 `json:"max_events_per_second"`
	// Of the rounds' ratios, each of two runs that followed each other closely; 0 without the other engine.
	ToReference float64 `json:"to_reference,omitempty"`
	ToBestPeer  float64 `json:"to_best_peer,omitempty"` // the best of the same round that is not the subject or itself

	FilePerPayload float64 `json:"file_per_payload"`
	IOPerPayload   float64 `json:"io_per_payload"` // below 0: not known
	AllocsPerEvent float64 `json:"allocs_per_event"`
	BytesPerEvent  float64 `json:"alloc_bytes_per_event"`
	CloseNS        float64 `json:"close_ns"`
}

func newReport(o options, load float64) *report {
	return &report{
		Rounds: o.rounds, CPUs: runtime.NumCPU(), GOOS: runtime.GOOS, GOARCH: runtime.GOARCH, Go: runtime.Version(),
		Load: load, Sync: syncSize,
	}
}

// fill adds the rows and their medians.
func (rep *report) fill(rows []*row) {
	for _, r := range rows {
		m := medianOf(r.runs)
		m.ToReference = ratios(r, rows, func(other *row) bool { return other.engine.Name == reference && other != r })
		m.ToBestPeer = ratios(r, rows, func(other *row) bool { return other.engine.Name != subject && other != r })
		rep.Rows = append(rep.Rows, rowReport{
			Case: r.testCase.name, Engine: r.engine.Name, What: r.engine.What, Median: m, Runs: r.runs, about: r.testCase.what,
		})
	}
}

// ratios is the median over the rounds of r's speed to that of the best other row of the same case; 0 without one.
func ratios(r *row, rows []*row, counts func(*row) bool) float64 {
	var all []float64
	for i := range r.runs {
		best := 0.0
		for _, other := range rows {
			if other.testCase.name == r.testCase.name && counts(other) {
				best = max(best, other.runs[i].speed())
			}
		}
		if best == 0 {
			return 0
		}
		all = append(all, r.runs[i].speed()/best)
	}
	slices.Sort(all)
	return figures.Middle(all)
}

func (r *result) speed() float64 { return float64(r.Events) / (float64(r.WriteNS) / 1e9) }

func medianOf(runs []result) median {
	column := func(f func(*result) float64) []float64 {
		values := make([]float64, len(runs))
		for i := range runs {
			values[i] = f(&runs[i])
		}
		slices.Sort(values)
		return values
	}
	middle := func(f func(*result) float64) float64 { return figures.Middle(column(f)) }
	speed := column((*result).speed)
	return median{
		EventsPerSecond:    figures.Middle(speed),
		MinEventsPerSecond: speed[0],
		MaxEventsPerSecond: speed[len(speed)-1],
		FilePerPayload:     middle(func(r *result) float64 { return float64(r.FileBytes) / float64(r.PayloadBytes) }),
		IOPerPayload:       middle(func(r *result) float64 { return float64(r.IOBytes) / float64(r.PayloadBytes) }),
		AllocsPerEvent:     middle(func(r *result) float64 { return float64(r.Allocs) / float64(r.Events) }),
		BytesPerEvent:      middle(func(r *result) float64 { return float64(r.AllocBytes) / float64(r.Events) }),
		CloseNS:            middle(func(r *result) float64 { return float64(r.CloseNS) }),
	}
}

func (rep *report) writeTable(w io.Writer) error {
	fmt.Fprintf(w, "median of %d rounds, a fresh process and directory each\n%s/%s, %d CPUs, load %.2f when the runs began, %s\n"+
		"a write of %d KiB and its sync, without any engine: %s\n\n",
		rep.Rounds, rep.GOOS, rep.GOARCH, rep.CPUs, rep.Load, rep.Go, rep.Sync>>10, figures.Duration(rep.SyncNS))
	// Everything is aligned to the right; what stands first is padded to stand on the left.
	width := 0
	for _, r := range rep.Rows {
		width = max(width, len(r.Case)+1+len(r.Engine))
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%-*s\tevents/s\tfrom\tto\tof %s\tof best peer\tfiles/payload\twritten/payload\tallocs/event\tB/event\tclose\t\n",
		width, "", reference)
	for i, r := range rep.Rows {
		if i > 0 && rep.Rows[i-1].Case != r.Case {
			fmt.Fprintln(t, strings.Repeat("\t", 11)) // as many cells, or the columns would not stay in line
		}
		m := r.Median
		io := "-"
		if m.IOPerPayload >= 0 {
			io = figures.Significant(m.IOPerPayload)
		}
		fmt.Fprintf(t, "%-*s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", width, r.Case+" "+r.Engine,
			figures.Grouped(int64(m.EventsPerSecond)), figures.Grouped(int64(m.MinEventsPerSecond)), figures.Grouped(int64(m.MaxEventsPerSecond)),
			figures.Times(m.ToReference), figures.Times(m.ToBestPeer), figures.Significant(m.FilePerPayload), io,
			figures.Significant(m.AllocsPerEvent), figures.Significant(m.BytesPerEvent), figures.Duration(int64(m.CloseNS)))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	rep.writeLegend(w)
	return nil
}

// writeLegend says what the cases and the engines are, each once.
func (rep *report) writeLegend(w io.Writer) {
	fmt.Fprintln(w)
	said := map[string]bool{}
	for _, r := range rep.Rows {
		if !said[r.Case] {
			said[r.Case] = true
			fmt.Fprintf(w, "%s: %s; %s events\n", r.Case, r.about, figures.Grouped(int64(r.Runs[0].Events)))
		}
	}
	for _, r := range rep.Rows {
		if !said[r.Engine] {
			said[r.Engine] = true
			fmt.Fprintf(w, "%s: %s\n", r.Engine, r.What)
		}
	}
}
