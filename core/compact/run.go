package compact

import (
	"github.com/thawlog/thaw/core/store"
)

// Run writes the segments that replace those of the plan. It changes nothing by itself: the
// caller puts the new files in place of the old ones in one step, with an index that Result.Edit
// made, or with none.
//
// The errors are [ErrNoSegments], [ErrActive], [ErrVerdict], a [BatchError], a [NumbersError], a
// [DamageError] when anything is wrong with the run, a [source.ReadError], and those of put, of
// Plan.Stop and of the index.
func Run(s *store.Snapshot, p Plan, put Put) (*Result, error) {
	prepared, err := Prepare(s, p)
	if err != nil {
		return nil, err
	}
	return prepared.Write(put)
}

// Prepared is a Run that has asked Plan.Judge about every event, and has written nothing.
type Prepared struct{ r *run }

// Prepare does the first half of [Run], with its errors.
func Prepare(s *store.Snapshot, p Plan) (*Prepared, error) {
	r, err := prepare(s, &p, keptSegments)
	if err != nil {
		return nil, err
	}
	return &Prepared{r: r}, nil
}

// Write does the second half, once. It may run in another goroutine than Prepare.
func (p *Prepared) Write(put Put) (*Result, error) {
	c := newCopier(p.r, put)
	if err := c.copyAll(); err != nil {
		return nil, err
	}
	return &p.r.result, nil
}

// Measure returns about what Run would: with estimated sizes, and without checking frames.
func Measure(s *store.Snapshot, p Plan) (*Result, error) {
	r, err := prepare(s, &p, 0)
	if err != nil {
		return nil, err
	}
	for i := range r.groups {
		for k := range r.groups[i].outputs {
			o := &r.groups[i].outputs[k]
			r.result.add(o, o.size)
		}
	}
	return &r.result, nil
}

// prepare plans the new segments from the index. It may keep some bytes of segments for the copy.
func prepare(s *store.Snapshot, p *Plan, keep uint64) (*run, error) {
	r := &run{s: s, plan: p, keep: keep}
	for _, step := range []func() error{r.survey, r.regroup, r.pack} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	for i := range r.groups {
		for k := range r.groups[i].inputs {
			in := &r.groups[i].inputs[k]
			r.result.Replaced = append(r.result.Replaced, in.id)
			r.result.Before += in.size
		}
	}
	return r, nil
}

// add adds a new segment.
func (r *Result) add(o *output, size uint64) {
	r.Files = append(r.Files, File{
		ID: o.id, Size: size, Events: uint64(o.kept), First: o.claimFirst, End: o.claimEnd, Flags: o.header.Flags,
	})
	r.After += size
}
