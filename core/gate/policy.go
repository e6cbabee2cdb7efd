package gate

import (
	"bytes"
	"errors"
	"slices"
	"strconv"

	"github.com/thawlog/thaw/core/kindnames"
)

// Policy is a list of gates. It does not change. All methods are safe for concurrent use.
// A nil Policy has no gate, and so permits everything.
type Policy struct {
	gates []Gate
	names []string
}

// Errors of [NewPolicy], wrapped with the gate's number and name.
var (
	// ErrName: a gate's name is not 1 to 128 printable ASCII characters without spaces.
	ErrName = errors.New("gate: a name is 1 to 128 printable ASCII characters without spaces")
	// ErrNameTwice: two gates have one name.
	ErrNameTwice = errors.New("gate: the name is used twice")
	// ErrNoJudge: a gate has no function.
	ErrNoJudge = errors.New("gate: the gate has no function")
)

// DefinitionError reports a gate that cannot be part of a policy.
type DefinitionError struct {
	// Gate is the gate's number in the list, from 0.
	Gate int
	Name string
	// Err is ErrName, ErrNameTwice or ErrNoJudge.
	Err error
}

// Error names the gate and the cause.
func (e *DefinitionError) Error() string {
	return e.Err.Error() + ": gate " + strconv.Itoa(e.Gate) + ", name " + strconv.Quote(e.Name)
}

// Unwrap returns the cause.
func (e *DefinitionError) Unwrap() error { return e.Err }

// NewPolicy returns the policy of some gates, which are asked in this order. It fails with
// a *[DefinitionError].
func NewPolicy(gates ...Gate) (*Policy, error) {
	p := &Policy{gates: slices.Clone(gates)}
	for i, g := range gates {
		var err error
		switch {
		case kindnames.Check(g.Name) != nil:
			err = ErrName
		case slices.Contains(p.names, g.Name):
			err = ErrNameTwice
		case g.Judge == nil:
			err = ErrNoJudge
		}
		if err != nil {
			return nil, &DefinitionError{Gate: i, Name: g.Name, Err: err}
		}
		p.names = append(p.names, g.Name)
	}
	return p, nil
}

// Set is [NewPolicy] for a package variable: it panics if NewPolicy fails.
func Set(gates ...Gate) *Policy {
	p, err := NewPolicy(gates...)
	if err != nil {
		panic(err)
	}
	return p
}

// Gates returns the names of the gates in their order.
func (p *Policy) Gates() []string {
	if p == nil {
		return nil
	}
	return slices.Clone(p.names)
}

// Judge asks the gates in order and stops at the first refusal, which it returns as a
// *[Denial]. It returns nil if every gate permits the proposal.
func (p *Policy) Judge(proposal *Proposal) error { return p.judge(proposal, false) }

// JudgeAll is Judge that asks every gate, also after a refusal.
func (p *Policy) JudgeAll(proposal *Proposal) error { return p.judge(proposal, true) }

func (p *Policy) judge(proposal *Proposal, all bool) error {
	if p == nil || len(p.gates) == 0 {
		return nil
	}
	var h hearing
	if d := h.judge(p.gates, proposal, all, nil); d != nil {
		return d
	}
	return nil
}

// JudgeBatch judges the events of an append one after the other. It stops at the first
// that is refused, or with Batch.All after the last one.
func (p *Policy) JudgeBatch(b *Batch) error {
	if p == nil || len(p.gates) == 0 {
		return nil
	}
	var h hearing
	var d *Denial
	var proposal Proposal
	for i := b.From; i < len(b.Entries) && (d == nil || b.All); i++ {
		b.proposal(&proposal, i)
		d = h.judge(p.gates, &proposal, b.All, d)
	}
	if d != nil {
		return d
	}
	return nil
}

// hearing asks gates. It holds what they are shown, apart from what will be written.
type hearing struct {
	shown   Proposal
	payload []byte
}

// judge adds the verdicts about p to d if there is a refusal, and returns d.
func (h *hearing) judge(gates []Gate, p *Proposal, all bool, d *Denial) *Denial {
	refused := false // p, by a gate before i
	for i := range gates {
		g := &gates[i]
		reason, panicked := h.ask(g, p)
		if reason == nil {
			if refused {
				d.add(p, g, Permitted, nil)
			}
			continue
		}
		if !refused {
			refused, d = true, d.begin(p, g, reason)
			for j := range i {
				d.add(p, &gates[j], Permitted, nil)
			}
		}
		outcome := Refused
		if panicked {
			outcome = Panicked
		}
		d.add(p, g, outcome, reason)
		if !all {
			for j := i + 1; j < len(gates); j++ {
				d.add(p, &gates[j], NotAsked, nil)
			}
			break
		}
	}
	return d
}

// ask shows a gate its own copy of the proposal.
func (h *hearing) ask(g *Gate, p *Proposal) (reason error, panicked bool) {
	if !bytes.Equal(h.payload, p.Payload) {
		h.payload = append(h.payload[:0], p.Payload...)
	}
	h.shown = *p
	h.shown.Payload = h.payload[:len(h.payload):len(h.payload)]
	if p.Conditions != nil {
		h.shown.Conditions = conditions(p.Conditions)
	}
	returned := false
	defer func() {
		if !returned {
			reason, panicked = &PanicError{Value: recover()}, true
		}
	}()
	reason = g.Judge(&h.shown)
	returned = true
	if reason == nil && !bytes.Equal(h.payload, p.Payload) {
		reason = ErrChanged
	}
	return reason, false
}
