package gate

import (
	"errors"
	"sync/atomic"

	"github.com/thawlog/thaw/core/commit"
)

// Errors of a permit.
var (
	// ErrUsed: the permit, or a copy of it, was used before.
	ErrUsed = errors.New("gate: the permit was used")
	// ErrForeign: the permit was not issued for this store, or is the zero Permit.
	ErrForeign = errors.New("gate: the permit is not of this store")
)

// Permit says that every gate of a policy permits an append, and holds the events that
// were judged. Only an [Issuer] makes one. All methods are safe for concurrent use; of the
// zero Permit and of nil they return nothing.
type Permit struct{ grant *grant }

// grant is what all copies of a permit share.
type grant struct {
	issuer *Issuer
	used   atomic.Bool
	batch  Batch
}

func (g *grant) repetition() bool { return len(g.batch.Entries) > 0 && g.batch.Entries[0].Repetition }

var noGrant = &grant{issuer: &Issuer{}}

func (p *Permit) get() *grant {
	if p == nil || p.grant == nil {
		return noGrant
	}
	return p.grant
}

// Actor returns who was judged.
func (p *Permit) Actor() Actor { return p.get().batch.Actor }

// Gates returns the names of the gates that permitted the append: all gates of the policy
// in their order, and none for a repetition.
func (p *Permit) Gates() []string {
	if g := p.get(); !g.repetition() {
		return g.issuer.policy.Gates()
	}
	return nil
}

// TimeUS returns when the append was judged, in µs since the Unix epoch.
func (p *Permit) TimeUS() int64 { return p.get().batch.NowUS }

// Len returns the number of events.
func (p *Permit) Len() int { return len(p.get().batch.Entries) }

// Repetition reports whether the policy refuses the append, and it may only repeat an earlier
// one under its key. The permit then writes nothing: it only gets the first receipts.
func (p *Permit) Repetition() bool { return p.get().repetition() }

// Issuer issues the permits of one store, and takes them back. Whoever holds it can append,
// so a store keeps it to itself. All methods are safe for concurrent use.
type Issuer struct{ policy *Policy }

// NewIssuer returns an issuer. Its permits are its own, also if other issuers have the same
// policy.
func NewIssuer(p *Policy) *Issuer { return &Issuer{policy: p} }

// Issue returns a permit for an append that the policy permits, or whose first entry is a
// Repetition, with which it can write nothing. Nothing may change the batch's slices, and
// the payloads in them, afterwards.
func (i *Issuer) Issue(b Batch) *Permit { return &Permit{&grant{issuer: i, batch: b}} }

// Redeem returns the events of a permit, and uses the permit up. The error is [ErrForeign]
// or [ErrUsed].
func (i *Issuer) Redeem(p *Permit) ([]commit.Entry, error) {
	g := p.get()
	if g.issuer != i {
		return nil, ErrForeign
	}
	if g.used.Swap(true) {
		return nil, ErrUsed
	}
	return g.batch.Entries, nil
}
