package verify

import (
	"cmp"
	"slices"

	"github.com/thawlog/thaw/core/damage"
)

// MaxFindings is how many damages of one reason, or notes of one topic, are
// listed for one file.
const MaxFindings = 1000

// findings gathers damages and notes, each trouble once.
type findings struct {
	damages []*damage.Damage
	notes   []Note
	places  map[place]*damage.Damage
	counts  map[place]int // per file and reason or topic, offset 0
	omitted uint64
}

// place is what makes two reports one.
type place struct {
	file   string
	offset uint64
	reason string
}

func placeOf(d *damage.Damage) place { return place{d.File, d.Offset, string(d.Reason)} }

func newFindings() *findings {
	return &findings{places: map[place]*damage.Damage{}, counts: map[place]int{}}
}

// admit counts a finding, and reports whether it is among those to be listed.
func (f *findings) admit(file, reason string) bool {
	k := place{file: file, reason: reason}
	if f.counts[k] == MaxFindings {
		f.omitted++
		return false
	}
	f.counts[k]++
	return true
}

// damage adds d. Where the same place was reported before, only its events are added.
func (f *findings) damage(d *damage.Damage) {
	k := placeOf(d)
	if was := f.places[k]; was != nil {
		for _, t := range d.Events {
			touch(was, t)
		}
		return
	}
	if f.admit(d.File, k.reason) {
		f.places[k] = d
		f.damages = append(f.damages, d)
	}
}

// has reports whether a damage of the same place was reported.
func (f *findings) has(d *damage.Damage) bool {
	return f.places[placeOf(d)] != nil
}

// blames reports whether there is a damage of a file for a reason.
func (f *findings) blames(file string, reason damage.Reason) bool {
	return f.counts[place{file: file, reason: string(reason)}] > 0
}

// blamed reports whether there is any damage of a file.
func (f *findings) blamed(file string) bool {
	return slices.ContainsFunc(f.damages, func(d *damage.Damage) bool { return d.File == file })
}

func (f *findings) note(n Note) {
	if f.admit(n.File, "note "+string(n.Topic)) {
		f.notes = append(f.notes, n)
	}
}

func (f *findings) fill(r *Result) {
	slices.SortStableFunc(f.damages, func(a, b *damage.Damage) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Offset, b.Offset))
	})
	slices.SortStableFunc(f.notes, func(a, b Note) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Offset, b.Offset))
	})
	r.Damages, r.Notes, r.Omitted = f.damages, f.notes, f.omitted
}

// touch adds an event to a damage unless it is there; a number that was not
// known is filled in.
func touch(d *damage.Damage, t damage.Touched) {
	for i := range d.Events {
		if d.Events[i].ID == t.ID {
			if !d.Events[i].Numbered {
				d.Events[i] = t
			}
			return
		}
	}
	d.Touch(t)
}

// at makes a damage that touches one event, or none when t is nil.
func at(file string, offset uint64, reason damage.Reason, err error, t *damage.Touched) *damage.Damage {
	d := &damage.Damage{File: file, Offset: offset, Reason: reason, Err: err}
	if t != nil {
		d.Touch(*t)
	}
	return d
}
