package gate

import (
	"slices"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
)

// Actor is who appends.
type Actor struct {
	// ID names the actor, such as "user:7". It is kept in records.
	ID string
	// Facts is what the caller says of the actor and of what it found: roles, a credit
	// limit, the state of an aggregate. Gates know its type. It is not kept, and must not
	// change while gates are asked.
	Facts any
}

// Proposal is one event of an append as it will be written, with what is known of its
// append. A gate gets a copy that is valid until the gate returns.
type Proposal struct {
	Actor Actor
	// NowUS is the time of the judgement in µs since the Unix epoch. The event gets its own
	// a little later, or TimeUS if Timed is set.
	NowUS  int64
	TimeUS int64
	Timed  bool

	At   event.Coordinate
	Kind event.Kind
	// Payload is the MessagePack that will be written. Judge by it whenever it matters what
	// is written: it does not depend on the type of the caller's value.
	Payload []byte
	// Value is the Go value that was encoded, nil for a payload given as bytes: so a gate
	// that knows the Go types of a kind must refuse any other value of that kind. A pointer
	// in it leads to what is still the caller's.
	Value any
	Meta  event.Meta
	Flags uint8

	ID event.ID
	// Key says that the caller chose ID as an idempotency key.
	Key bool
	// Correlation is the conversation; an event that begins one has its own ID.
	Correlation event.ID
	// Causation is the event that caused this one, perhaps an earlier item; zero for none.
	Causation event.ID

	// Expected and Conditions are checked when the append is written.
	Expected   commit.Expected
	Conditions []commit.Condition

	// Item counts the events of the append from 0. Items is their number, or 0 if it is
	// not known yet, as in a fence.
	Item, Items int
}

// Batch is an append to be judged.
type Batch struct {
	Actor Actor
	// NowUS is the time in µs since the Unix epoch.
	NowUS int64
	// Entries are the events. Those before From have been judged already.
	Entries []commit.Entry
	From    int
	// Values are the Go values of the entries from From on, or nil.
	Values []any
	// Open says that more events may follow.
	Open bool
	// All asks every gate about every event.
	All bool
}

// proposal fills in p for entry i.
func (b *Batch) proposal(p *Proposal, i int) {
	e := &b.Entries[i]
	*p = Proposal{
		Actor: b.Actor, NowUS: b.NowUS, TimeUS: e.TimeUS, Timed: e.Timed,
		At: e.Coordinate, Kind: e.Kind, Payload: e.Payload, Meta: e.Meta, Flags: e.Flags,
		ID: e.ID, Key: e.Key, Correlation: e.Correlation, Causation: e.Causation,
		Expected: e.Expected, Item: i, Items: len(b.Entries),
	}
	if b.Values != nil {
		p.Value = b.Values[i-b.From]
	}
	if b.Open {
		p.Items = 0
	}
	if p.Correlation.IsZero() {
		p.Correlation = e.ID
	}
	if 0 < e.Cause && e.Cause <= i {
		p.Causation = b.Entries[e.Cause-1].ID
	}
	for _, c := range e.Conditions {
		p.Conditions = append(p.Conditions, *c)
	}
}

// conditions returns a copy of which no part is shared.
func conditions(of []commit.Condition) []commit.Condition {
	of = slices.Clone(of)
	for i := range of {
		of[i].Regions = slices.Clone(of[i].Regions)
	}
	return of
}
