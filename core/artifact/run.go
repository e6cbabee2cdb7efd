package artifact

import "github.com/thawlog/thaw/core/strtab"

// Run is some of the records of a draft, with their names. It may be read while
// records are added to the draft, and while those behind its end are rolled back.
type Run struct {
	records []byte
	names   *strtab.Table
}

// Run returns the records from number first up to the mark.
func (d *Draft) Run(first int, end Mark) Run {
	return Run{d.records[first*RecordSize : end.records*RecordSize], d.names.View()}
}

// Len is the number of records.
func (r Run) Len() int { return len(r.records) / RecordSize }

// At returns record i, which must be below Len.
func (r Run) At(i int) Raw { return Raw(r.records[i*RecordSize : (i+1)*RecordSize]) }

// From is the run without its first n records.
func (r Run) From(n int) Run { return Run{r.records[n*RecordSize:], r.names} }

// AppendRun adds the records of a run.
func (d *Draft) AppendRun(r Run) error {
	for i := range r.Len() {
		rec := r.At(i).Decode()
		if err := d.Append(&rec.Facts, r.names.At(rec.Entity), r.names.At(rec.Scope)); err != nil {
			return err
		}
	}
	return nil
}
