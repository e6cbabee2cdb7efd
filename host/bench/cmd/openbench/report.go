package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"text/tabwriter"

	"github.com/thawlog/thaw/host/bench/figures"
	"github.com/thawlog/thaw/host/bench/result"
)

// report is what -json prints; the table shows the medians.
type report struct {
	Events uint64       `json:"events"`
	Runs   int          `json:"runs"`
	Cold   bool         `json:"cold"`
	CPUs   int          `json:"cpus"`
	GOOS   string       `json:"goos"`
	GOARCH string       `json:"goarch"`
	Go     string       `json:"go"`
	Load   float64      `json:"load"` // 1-minute load average when the runs began; 0 where unknown
	Store  writing      `json:"store"`
	Dir    string       `json:"dir"`
	Peers  []peerReport `json:"peers"`
}

type peerReport struct {
	Name   string          `json:"name"`
	What   string          `json:"what"`
	Absent string          `json:"absent,omitempty"`
	Median *median         `json:"median,omitempty"`
	Runs   []result.Result `json:"runs,omitempty"`
}

// median holds medians taken column by column.
type median struct {
	OpenNS       int64 `json:"open_ns"`
	OpenMinNS    int64 `json:"open_min_ns"`
	OpenMaxNS    int64 `json:"open_max_ns"`
	FirstGetNS   int64 `json:"first_get_ns"`
	FirstQueryNS int64 `json:"first_query_ns"`
	TotalNS      int64 `json:"total_ns"` // of open + first get + first query
	PeakRSSBytes int64 `json:"peak_rss_bytes"`
	// How many times less than the reference; 0 without one.
	OpenRatio  float64 `json:"open_ratio,omitempty"`
	TotalRatio float64 `json:"total_ratio,omitempty"`
	RSSRatio   float64 `json:"rss_ratio,omitempty"`

	Note string `json:"note,omitempty"` // of the last run
}

func newReport(e *env, rows []*row, o options) *report {
	rep := &report{
		Events: e.events, Runs: o.runs, Cold: o.cold,
		CPUs: runtime.NumCPU(), GOOS: runtime.GOOS, GOARCH: runtime.GOARCH, Go: runtime.Version(),
		Load: o.load, Store: e.writing(), Dir: e.dir,
	}
	var base *median
	for _, r := range rows {
		p := peerReport{Name: r.peer.name, What: r.peer.what, Absent: r.absent, Runs: r.runs}
		if len(r.runs) > 0 {
			p.Median = medianOf(r.runs)
		}
		if r.peer.name == reference {
			base = p.Median
		}
		rep.Peers = append(rep.Peers, p)
	}
	for _, p := range rep.Peers {
		if base != nil && p.Median != nil {
			m := p.Median
			m.OpenRatio = figures.Ratio(base.OpenNS, m.OpenNS)
			m.TotalRatio = figures.Ratio(base.TotalNS, m.TotalNS)
			m.RSSRatio = figures.Ratio(base.PeakRSSBytes, m.PeakRSSBytes)
		}
	}
	return rep
}

func medianOf(runs []result.Result) *median {
	column := func(f func(result.Result) int64) []int64 {
		values := make([]int64, len(runs))
		for i, r := range runs {
			values[i] = f(r)
		}
		slices.Sort(values)
		return values
	}
	open := column(func(r result.Result) int64 { return r.OpenNS })
	return &median{
		OpenNS:       figures.Middle(open),
		OpenMinNS:    open[0],
		OpenMaxNS:    open[len(open)-1],
		FirstGetNS:   figures.Middle(column(func(r result.Result) int64 { return r.FirstGetNS })),
		FirstQueryNS: figures.Middle(column(func(r result.Result) int64 { return r.FirstQueryNS })),
		TotalNS:      figures.Middle(column(func(r result.Result) int64 { return r.OpenNS + r.FirstGetNS + r.FirstQueryNS })),
		PeakRSSBytes: figures.Middle(column(func(r result.Result) int64 { return r.PeakRSSBytes })),
		Note:         runs[len(runs)-1].Note,
	}
}

func (rep *report) writeJSON(w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(rep)
}

func (rep *report) writeTable(w io.Writer) error {
	temperature := "files in the page cache"
	if rep.Cold {
		temperature = "files evicted from the page cache before each run"
	}
	fmt.Fprintf(w, "%s events, median of %d fresh processes, %s\n%s/%s, %d CPUs, load %.2f when the runs began, %s\n\n",
		figures.Grouped(int64(rep.Events)), rep.Runs, temperature, rep.GOOS, rep.GOARCH, rep.CPUs, rep.Load, rep.Go)
	// Everything is aligned to the right; names are padded to stand on the left.
	width := len("peer")
	for _, p := range rep.Peers {
		width = max(width, len(p.Name))
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%-*s\topen\tfirst get\tfirst query\tall three\tpeak RSS\topen: times faster\tall three\t\n", width, "peer")
	for _, p := range rep.Peers {
		if p.Median == nil {
			fmt.Fprintf(t, "%-*s\t-\t-\t-\t-\t-\t-\t-\t\n", width, p.Name)
			continue
		}
		m := p.Median
		fmt.Fprintf(t, "%-*s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", width, p.Name, figures.Duration(m.OpenNS), figures.Duration(m.FirstGetNS),
			figures.Duration(m.FirstQueryNS), figures.Duration(m.TotalNS), figures.Size(m.PeakRSSBytes), figures.Times(m.OpenRatio), figures.Times(m.TotalRatio))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, p := range rep.Peers {
		switch {
		case p.Median == nil:
			fmt.Fprintf(w, "%s: %s; %s\n", p.Name, p.What, p.Absent)
		default:
			fmt.Fprintf(w, "%s: %s; open %s to %s", p.Name, p.What, figures.Duration(p.Median.OpenMinNS), figures.Duration(p.Median.OpenMaxNS))
			if p.Median.Note != "" {
				fmt.Fprintf(w, "; %s", p.Median.Note)
			}
			fmt.Fprintln(w)
		}
	}
	if rep.Store.Writer != "" {
		fmt.Fprintf(w, "store: written by %s in %s, in %s\n", rep.Store.Writer, figures.Duration(rep.Store.WriteNS), rep.Dir)
	}
	return nil
}
