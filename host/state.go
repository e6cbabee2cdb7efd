package host

import (
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
)

// Receipt describes an event that was appended.
type Receipt struct {
	// ID is the event's id: the key of [WithKey], or one that the store made.
	ID event.ID
	// Sequence is the number of the event in the store, from 0.
	Sequence uint64
	// Clock is the number of the event within its entity, from 0.
	Clock uint32
	// Position is the position of the event's frame.
	Position event.Position
	// Repeated reports whether the event already existed under the same key.
	Repeated bool
}

func receiptsOf(from []commit.Receipt) []Receipt {
	return convert(from, func(r commit.Receipt) Receipt { return Receipt(r) })
}

// State is the state of an entity as readers see it.
type State struct {
	// Some reports whether the entity has visible events. Clock is that of the last one.
	Some  bool
	Clock uint32
}

// String returns "no events" or "clock N".
func (s State) String() string { return commit.State(s).String() }

// Expected returns the expectation that the entity is still in this state, for [Expect].
func (s State) Expected() Expected {
	if !s.Some {
		return NoEvents
	}
	return AtClock(s.Clock)
}

// Expected is the state that an append expects of its entity: any ([AnyState]), no
// visible event ([NoEvents]), or a last visible event with a given clock ([AtClock]).
// The zero Expected is AnyState. See [Expect].
type Expected = commit.Expected

// Expectations without a number; [AtClock] has one.
var (
	AnyState = commit.Any
	NoEvents = commit.NoEvents
)

// AtClock expects the entity's last visible event to have clock n.
func AtClock(n uint32) Expected { return commit.AtClock(n) }
