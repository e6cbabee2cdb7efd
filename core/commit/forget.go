package commit

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
)

// errUnsealed: Forget would drop a record that the footer of its segment needs.
var errUnsealed = errors.New("commit: the segment of an event to forget is not sealed")

// Forget drops the first n committed records. The history must hold them by now, since
// it answers for them from here on. They must lie in segments before the one started
// last, because its footer is built from the records; otherwise Forget returns
// errUnsealed. Runs that Committed returned earlier stay valid; numbers given to
// Committed later count from the first remaining record. Nothing may be staged. The
// cost is proportional to the number of records that remain.
func (l *Log) Forget(n int) error {
	if n == 0 {
		return nil
	}
	if n > l.first {
		return errUnsealed
	}
	rest := artifact.NewDraft()
	if err := rest.AppendRun(l.Committed(n)); err != nil {
		return err
	}
	heads := make([]head, rest.Names())
	for number := 1; number < rest.Names(); number++ {
		old, err := l.draft.Intern(rest.Name(uint32(number))) // draft has it
		if err != nil {
			return err
		}
		if int(old) < len(l.heads) {
			heads[number] = l.heads[old]
		}
	}
	l.draft, l.heads = rest, heads
	l.first -= n
	l.ids, l.links = idSet{draft: rest}, links{draft: rest}
	l.committed = l.savepoint()
	return nil
}

// Removed tells the log that the store has lost events, the first n committed records among
// them or not: it forgets those, as Forget does, and what it remembers of entities without
// later records. So the next append continues what is left, as after another open.
func (l *Log) Removed(n int) error {
	if err := l.Forget(n); err != nil {
		return err
	}
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
