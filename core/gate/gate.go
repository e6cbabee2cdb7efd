package gate

import "github.com/thawlog/thaw/core/kindnames"

// MaxName is the length of the longest name of a gate, in bytes.
const MaxName = kindnames.MaxName

// Gate is one rule.
type Gate struct {
	// Name is 1 to MaxName printable ASCII characters without spaces. Records keep it.
	Name string
	// Judge returns nil to permit the proposal, and otherwise why it refuses. It must
	// depend on the proposal alone, change nothing, not keep the proposal or its slices,
	// and be safe for concurrent use.
	Judge func(p *Proposal) error
}

// New returns a gate.
func New(name string, judge func(p *Proposal) error) Gate { return Gate{Name: name, Judge: judge} }
