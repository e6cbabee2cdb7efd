package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

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
			m.OpenRatio = ratio(base.OpenNS, m.OpenNS)
			m.TotalRatio = ratio(base.TotalNS, m.TotalNS)
			m.RSSRatio = ratio(base.PeakRSSBytes, m.PeakRSSBytes)
		}
	}
	return rep
}

// loadAverage is the 1-minute load average: a busy machine explains odd figures.
func loadAverage() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), " ")
	load, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0
	}
	return load
}

func ratio(base, n int64) float64 {
	if n == 0 {
		return 0
	}
	return float64(base) / float64(n)
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
		OpenNS:       middle(open),
		OpenMinNS:    open[0],
		OpenMaxNS:    open[len(open)-1],
		FirstGetNS:   middle(column(func(r result.Result) int64 { return r.FirstGetNS })),
		FirstQueryNS: middle(column(func(r result.Result) int64 { return r.FirstQueryNS })),
		TotalNS:      middle(column(func(r result.Result) int64 { return r.OpenNS + r.FirstGetNS + r.FirstQueryNS })),
		PeakRSSBytes: middle(column(func(r result.Result) int64 { return r.PeakRSSBytes })),
		Note:         runs[len(runs)-1].Note,
	}
}

// middle is the median of sorted values; of an even number, the mean of the two in the middle.
func middle(sorted []int64) int64 {
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
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
		grouped(int64(rep.Events)), rep.Runs, temperature, rep.GOOS, rep.GOARCH, rep.CPUs, rep.Load, rep.Go)
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
		fmt.Fprintf(t, "%-*s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", width, p.Name, duration(m.OpenNS), duration(m.FirstGetNS),
			duration(m.FirstQueryNS), duration(m.TotalNS), size(m.PeakRSSBytes), times(m.OpenRatio), times(m.TotalRatio))
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
			fmt.Fprintf(w, "%s: %s; open %s to %s", p.Name, p.What, duration(p.Median.OpenMinNS), duration(p.Median.OpenMaxNS))
			if p.Median.Note != "" {
				fmt.Fprintf(w, "; %s", p.Median.Note)
			}
			fmt.Fprintln(w)
		}
	}
	if rep.Store.Writer != "" {
		fmt.Fprintf(w, "store: written by %s in %s, in %s\n", rep.Store.Writer, duration(rep.Store.WriteNS), rep.Dir)
	}
	return nil
}

// duration prints three significant digits.
func duration(ns int64) string {
	d := time.Duration(ns)
	switch {
	case d >= time.Second:
		return significant(d.Seconds()) + " s"
	case d >= time.Millisecond:
		return significant(float64(d)/1e6) + " ms"
	case d >= time.Microsecond:
		return significant(float64(d)/1e3) + " µs"
	default:
		return strconv.FormatInt(ns, 10) + " ns"
	}
}

func significant(v float64) string {
	switch {
	case v < 9.995:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 99.95:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
}

func size(n int64) string {
	if n == 0 {
		return "-"
	}
	return significant(float64(n)/1e6) + " MB"
}

func times(ratio float64) string {
	switch {
	case ratio == 0:
		return "-"
	case ratio < 99.95:
		return significant(ratio) + "x"
	default:
		return grouped(int64(ratio+0.5)) + "x"
	}
}

// grouped writes 1234567 as 1,234,567.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
