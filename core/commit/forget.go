package commit

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
)

// errUnsealed: Forget would drop a record that the footer of its segment needs.
var errUnsealed = errors.New("commit: the segment of an event to forget is not sealed")

// forgetStep is the least number of records that a step of Forget copies: some tenths of a
// millisecond, which is less than a sync takes.
const forgetStep = 2048

// forgetting is the work of a Forget that is not finished: the records that remain are
// copied into a draft of their own, some at each step.
type forgetting struct {
	n     int // records to forget
	seen  int // committed records at the last step
	rest  *artifact.Draft
	ids   idSet
	links links
	// numbers has the number in rest by that of the same name in the log's draft, 0 for
	// none, and names the reverse.
	numbers, names []uint32
}

// Forget drops the first n committed records, in steps, so that no append waits for all of
// the work: call it again, with the same number or a higher one, until it returns the number
// of records that it dropped. That is 0 before the last step, and may be less than a number
// that rose meanwhile. A step takes time proportional to the records committed since the
// last one and at most 2,048 others; each remaining record is copied once.
//
// The history must hold the records by now, since it answers for them from here on. They
// must lie in segments before the one started last, because its footer is built from the
// records; otherwise Forget returns errUnsealed. Runs that Committed returned earlier stay
// valid; numbers given to Committed later count from the first remaining record. Nothing may
// be staged.
func (l *Log) Forget(n int) (dropped int, err error) {
	if n == 0 {
		return 0, nil
	}
	f := l.forgetting
	if f == nil {
		if n > l.first {
			return 0, errUnsealed
		}
		f = &forgetting{n: n, seen: l.draft.Len(), rest: artifact.NewDraft(), names: []uint32{0}}
		f.ids, f.links = idSet{draft: f.rest}, links{draft: f.rest}
		l.forgetting = f
	}
	done, err := f.step(l)
	if err != nil {
		l.forgetting = nil
		return 0, err
	}
	if !done {
		return 0, nil
	}
	heads := make([]head, f.rest.Names())
	for number := 1; number < len(heads); number++ {
		if old := f.names[number]; int(old) < len(l.heads) {
			heads[number] = l.heads[old]
		}
	}
	l.recent.add(l.draft, l.heads)
	l.draft, l.heads = f.rest, heads
	l.first -= f.n
	l.ids, l.links = f.ids, f.links
	l.forgetting = nil
	l.committed = l.savepoint()
	return f.n, nil
}

// step copies some records. It reports whether all are copied.
func (f *forgetting) step(l *Log) (done bool, err error) {
	end := l.draft.Len()
	from := f.n + f.rest.Len()
	to := min(end, from+l.step+4*(end-f.seen))
	f.seen = end
	for i := from; i < to; i++ {
		r := l.draft.At(i)
		entity, err := f.number(l.draft, r.Entity())
		if err != nil {
			return false, err
		}
		scope, err := f.number(l.draft, r.Scope())
		if err != nil {
			return false, err
		}
		if err := f.rest.AddRaw(r, entity, scope); err != nil {
			return false, err
		}
	}
	// What was in use will be asked for soon.
	if l.ids.records != nil {
		f.ids.extend()
	}
	if len(l.links.entities.previous) > 0 {
		f.links.extend()
	}
	return to == end, nil
}

// number returns the number in rest of the name with this number in d.
func (f *forgetting) number(d *artifact.Draft, old uint32) (uint32, error) {
	if int(old) >= len(f.numbers) {
		f.numbers = append(f.numbers, make([]uint32, d.Names()-len(f.numbers))...)
	}
	if n := f.numbers[old]; n != 0 {
		return n, nil
	}
	n, err := f.rest.Intern(d.Name(old))
	if err != nil {
		return 0, err
	}
	f.numbers[old] = n
	f.names = append(f.names, old)
	return n, nil
}

// Removed tells the log that the store has lost events, or has given them another kind. None of
// them comes after the first n committed records. The log forgets those records, as Forget does,
// and what it remembers of entities without later records and of regions without events. So the
// next append continues what is left, as after another open.
func (l *Log) Removed(n int) error {
	for n > 0 {
		dropped, err := l.Forget(n)
		if err != nil {
			return err
		}
		n -= dropped
	}
	l.forgetHeads()
	l.searched = searched{} // a region can hold an event that has another kind now
	left := make([]bool, len(l.heads))
	for i := range l.draft.Len() {
		if number := l.draft.At(i).Entity(); int(number) < len(left) {
			left[number] = true
		}
	}
	for number := range l.heads {
		if !left[number] {
			l.heads[number] = head{}
		}
	}
	return nil
}
