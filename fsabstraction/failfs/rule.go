package failfs

import (
	"errors"
	"path/filepath"
)

// ErrInjected is the error of a Rule without one of its own.
var ErrInjected = errors.New("failfs: injected failure")

// Rule selects operations and says how they fail. The zero value makes the next operation
// of any kind fail without effect.
//
// An operation matches when it fits those of Kinds, Pattern and Match that are set.
type Rule struct {
	Kinds   Kind
	Pattern string           // for filepath.Match, against the last element of Name or NewName
	Match   func(op Op) bool // must not use the FS; calls do not overlap

	// Nth selects the matching operation that fails, counted from 1 since the call of Fail;
	// 0 means 1. With Forever all later ones fail too.
	Nth     int
	Forever bool

	// Err is returned unchanged; nil means ErrInjected.
	Err error

	// Short is the number of bytes that a failing WriteAt or ReadAt transfers and reports,
	// at most one less than requested.
	Short int

	// Applied makes the operation take effect, a WriteAt in full, although it reports
	// failure. A handle or lock that it opened is released. Close and Unlock always take
	// effect.
	Applied bool
}

// Fault is an active rule. Its methods may be called from several goroutines at once.
type Fault struct {
	fs      *FS
	rule    Rule
	matched int
	fired   int
}

// Fail adds a rule. When several rules make one operation fail, the earliest decides; the
// operation counts for all of them. Fail panics if the pattern is malformed.
func (s *FS) Fail(r Rule) *Fault {
	if _, err := filepath.Match(r.Pattern, ""); err != nil {
		panic("failfs: pattern " + r.Pattern + ": " + err.Error())
	}
	if r.Err == nil {
		r.Err = ErrInjected
	}
	r.Nth = max(1, r.Nth)
	f := &Fault{fs: s, rule: r}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
	return f
}

// Fired returns how many operations the rule made fail.
func (f *Fault) Fired() int {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	return f.fired
}

// Matched returns how many operations matched, failed or not.
func (f *Fault) Matched() int {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	return f.matched
}

// Remove ends the rule and keeps the counts. A second Remove does nothing.
func (f *Fault) Remove() {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	f.fs.remove(f)
}

func (f *Fault) matches(op Op) bool {
	r := f.rule
	return (r.Kinds == 0 || r.Kinds&op.Kind != 0) &&
		(r.Pattern == "" || op.matches(r.Pattern)) &&
		(r.Match == nil || r.Match(op))
}

// fires counts a matching operation and reports whether it fails.
func (f *Fault) fires() bool {
	f.matched++
	return f.matched == f.rule.Nth || f.rule.Forever && f.matched > f.rule.Nth
}
