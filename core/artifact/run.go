package artifact

import (
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// Run is a range of a draft's records, with their names. It can be read while
// records are added to the draft, and while records after its end are rolled
// back.
type Run struct {
	rows  rows
	first int
	names *strtab.Table
}

// Run returns the records from number first up to the savepoint.
func (d *Draft) Run(first int, end Savepoint) Run {
	r := d.rows
	r.cut(end.records)
	return Run{rows: r, first: first, names: d.names.View()}
}

// Len returns the number of records.
func (r Run) Len() int { return r.rows.len() - r.first }

// At returns record i, which must be below Len.
func (r Run) At(i int) Raw { return r.rows.at(r.first + i) }

// Names returns the names that the records refer to.
func (r Run) Names() *strtab.Table { return r.names }

// Records returns a source that holds the records one after the other, from
// offset at on.
func (r Run) Records() (src source.Source, at uint64) {
	return &r.rows, uint64(r.first) * RecordSize
}

// To returns the run without the records from number n on.
func (r Run) To(n int) Run {
	r.rows.cut(r.first + n)
	return r
}

// From returns the run without its first n records.
func (r Run) From(n int) Run {
	r.first += n
	return r
}

// AppendRun appends the records of a run.
func (d *Draft) AppendRun(r Run) error {
	for i := range r.Len() {
		rec := r.At(i).Decode()
		if err := d.Append(&rec.Facts, r.names.At(rec.Entity), r.names.At(rec.Scope)); err != nil {
			return err
		}
	}
	return nil
}
