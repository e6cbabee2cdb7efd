package commit

import "github.com/thawlog/thaw/core/artifact"

// Forget drops the first n committed records, which the past must have come to hold:
// from now on it answers for them. What Committed returned before stays as it is, and
// counts from the first record that is left from now on. Nothing may be staged. It
// costs what is left.
func (l *Log) Forget(n int) error {
	if n == 0 {
		return nil
	}
	left := artifact.NewDraft()
	if err := left.AppendRun(l.Committed(n)); err != nil {
		return err
	}
	heads := make([]head, left.Names())
	footNames := make([]uint32, left.Names())
	for number := 1; number < left.Names(); number++ {
		old, err := l.draft.Intern(left.Name(uint32(number))) // it is there
		if err != nil {
			return err
		}
		if int(old) < len(l.heads) {
			heads[number] = l.heads[old]
		}
		if int(old) < len(l.footNames) {
			footNames[number] = l.footNames[old]
		}
	}
	l.draft, l.heads, l.footNames = left, heads, footNames
	l.ids = idSet{draft: left, seed: l.ids.seed}
	l.settled = l.mark()
	return nil
}
