package commit

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
)

// errUnsealed: an event cannot be forgotten while the footer of its segment is not made.
var errUnsealed = errors.New("commit: the segment of an event to forget is not sealed")

// Forget drops the first n committed records, which the past must have come to hold:
// from now on it answers for them. They must lie in segments before the one that was
// started last, whose footer is made of the records; else the error is errUnsealed. What Committed returned before stays as it is, and
// counts from the first record that is left from now on. Nothing may be staged. It
// costs what is left.
func (l *Log) Forget(n int) error {
	if n == 0 {
		return nil
	}
	if n > l.first {
		return errUnsealed
	}
	left := artifact.NewDraft()
	if err := left.AppendRun(l.Committed(n)); err != nil {
		return err
	}
	heads := make([]head, left.Names())
	for number := 1; number < left.Names(); number++ {
		old, err := l.draft.Intern(left.Name(uint32(number))) // it is there
		if err != nil {
			return err
		}
		if int(old) < len(l.heads) {
			heads[number] = l.heads[old]
		}
	}
	l.draft, l.heads = left, heads
	l.first -= n
	l.ids = idSet{draft: left}
	l.settled = l.mark()
	return nil
}
