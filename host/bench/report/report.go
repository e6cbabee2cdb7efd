// Package report writes what the benchmark measured: Markdown tables of rows and engines,
// and a bar chart as SVG. It knows nothing of how the numbers came to be.
package report

// Report is everything that is written.
type Report struct {
	Title   string
	Facts   []Fact   // of the machine and the run
	Engines []string // the columns, in order
	Subject string   // the engine whose ratio to the best other one is the last column
	Aside   []string // columns that are not among those others
	Tables  []Table
	Notes   []string // paragraphs behind the tables
}

// Fact is one line above the tables.
type Fact struct{ Name, Value string }

// Table has a heading of its own.
type Table struct {
	Title string
	Note  string // one paragraph between heading and table; may be empty
	Rows  []Row
	// Engines are the columns where these are not all of the report's.
	Engines []string
}

// Row is one thing measured.
type Row struct {
	Name   string
	Unit   Unit
	Values map[string]float64 // by engine; one that is missing is a dash
	Chart  string             // the row's name in the chart; empty: not in the chart
}

// Set notes an engine's number.
func (r *Row) Set(engine string, v float64) {
	if r.Values == nil {
		r.Values = map[string]float64{}
	}
	r.Values[engine] = v
}

// best is the best of these engines.
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

// ratio is how many times as good the subject is as the best of its peers; 0 where that
// cannot be said.
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
