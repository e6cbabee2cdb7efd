// Package report writes the results of the benchmark: Markdown tables of rows and engines,
// and a bar chart as SVG. It does not know how the numbers were measured.
package report

// Report is the contents of a report.
type Report struct {
	Title   string
	Facts   []Fact   // of the machine and the run
	Engines []string // the columns, in order
	Subject string   // the engine whose ratio to the best other one is the last column
	Aside   []string // columns excluded from those others
	Tables  []Table
	Notes   []string // paragraphs after the tables
}

// Fact is one line above the tables.
type Fact struct{ Name, Value string }

// Table is a table with its heading.
type Table struct {
	Title string
	Note  string // one paragraph between heading and table; may be empty
	Rows  []Row
	// Engines are the columns, if not all of the report's.
	Engines []string
}

// Row is one measurement.
type Row struct {
	Name   string
	Unit   Unit
	Values map[string]float64 // by engine; a missing one is printed as a dash
	Chart  string             // the row's name in the chart; empty: not in the chart
}

// Set sets an engine's number.
func (r *Row) Set(engine string, v float64) {
	if r.Values == nil {
		r.Values = map[string]float64{}
	}
	r.Values[engine] = v
}

// best returns the best of these engines.
func (r *Row) best(engines []string) (name string, v float64) {
	for _, e := range engines {
		w, found := r.Values[e]
		if !found {
			continue
		}
		if name == "" || r.Unit.moreIsBetter() == (w > v) {
			name, v = e, w
		}
	}
	return name, v
}

// ratio returns how many times as good the subject is as the best of its peers; 0 if
// unknown.
func (r *Row) ratio(subject string, peers []string) float64 {
	own, found := r.Values[subject]
	name, best := r.best(peers)
	if !found || name == "" || !r.Unit.compares() || own == 0 || best == 0 {
		return 0
	}
	if r.Unit.moreIsBetter() {
		return own / best
	}
	return best / own
}
