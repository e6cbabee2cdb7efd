package failfs

import (
	"errors"
	"path/filepath"
)

// ErrInjected is the error of a Rule that has none of its own.
var ErrInjected = errors.New("failfs: injected failure")

// Rule says which operations fail and how. The zero value makes the next
// operation of any kind fail without effect.
//
// An operation matches when it fits Kinds, Pattern and Match, each if set.
type Rule struct {
	Kinds   Kind
	Pattern string           // of filepath.Match, for the last part of Name or NewName
	Match   func(op Op) bool // must not use the FS; calls of it do not overlap

	// Nth is which matching operation fails, from 1, counted from when the rule
	// is set; 0 is 1. With Forever all later ones fail as well.
	Nth     int
	Forever bool

	// Err is returned as it is; nil stands for ErrInjected.
	Err error

	// Short is the number of bytes that a WriteAt or ReadAt transfers and reports
	// before it fails, at most one less than it was asked for.
	Short int

	// Applied makes the operation take effect, a WriteAt in full length, and be
	// reported as failed nevertheless. What it opened or locked is released.
	// Close and Unlock always take effect.
	Applied bool
}

// Fault is a rule that was set. Its methods may be called from several
// goroutines at once.
type Fault struct {
	fs      *FS
	rule    Rule
	matched int
	fired   int
}

// Fail sets a rule. Of several rules that make one operation fail the one that was
// set first decides; the operation counts for all of them. It panics when the
// pattern is malformed.
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

// Fired returns how many operations failed because of the rule.
func (f *Fault) Fired() int {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	return f.fired
}

// Matched returns how many operations matched, whether they failed or not.
func (f *Fault) Matched() int {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	return f.matched
}

// Remove ends the rule; the counts stay. A second Remove does nothing.
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

// fires counts a matching operation.
func (f *Fault) fires() bool {
	f.matched++
	return f.matched == f.rule.Nth || f.rule.Forever && f.matched > f.rule.Nth
}
