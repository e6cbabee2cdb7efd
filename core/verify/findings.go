package verify

import (
	"cmp"
	"slices"

	"github.com/thawlog/thaw/core/damage"
)

// maxFindings is the largest number of damages of one reason, or notes of one topic,
// listed for one file.
const maxFindings = 1000

// findings collects damages and notes, each once.
type findings struct {
	damages []*damage.Damage
	notes   []Note
	places  map[place]*damage.Damage
	counts  map[place]int // per file and reason or topic, offset 0
	omitted uint64
}

// place identifies a finding: two findings with the same place are one.
type place struct {
	file   string
	offset uint64
	reason string
}

func placeOf(d *damage.Damage) place { return place{d.File, d.Offset, string(d.Reason)} }

func newFindings() *findings {
	return &findings{places: map[place]*damage.Damage{}, counts: map[place]int{}}
}

// admit counts a finding and reports whether to list it.
func (f *findings) admit(file, reason string) bool {
	k := place{file: file, reason: reason}
	if f.counts[k] == maxFindings {
		f.omitted++
		return false
	}
	f.counts[k]++
	return true
}

// damage adds d. If its place was reported before, it adds d's events to that damage.
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

// has reports whether damage at the place of d was reported.
func (f *findings) has(d *damage.Damage) bool {
	return f.places[placeOf(d)] != nil
}

// blames reports whether a file has damage of a reason.
func (f *findings) blames(file string, reason damage.Reason) bool {
	return f.counts[place{file: file, reason: string(reason)}] > 0
}

// blamed reports whether a file has any damage.
func (f *findings) blamed(file string) bool {
	return slices.ContainsFunc(f.damages, func(d *damage.Damage) bool { return d.File == file })
}

// noted reports whether a file has a note of a topic.
func (f *findings) noted(file string, topic Topic) bool {
	return slices.ContainsFunc(f.notes, func(n Note) bool { return n.File == file && n.Topic == topic })
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

// touch adds an event to a damage, or to an event listed without a number adds the
// number.
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

// at returns a damage that touches the event t, or none if t is nil.
func at(file string, offset uint64, reason damage.Reason, err error, t *damage.Touched) *damage.Damage {
	d := &damage.Damage{File: file, Offset: offset, Reason: reason, Err: err}
	if t != nil {
		d.Touch(*t)
	}
	return d
}
