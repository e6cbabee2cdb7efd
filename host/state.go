package host

import (
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
)

// Receipt says where an append went.
type Receipt struct {
	// ID names the event: the key of [WithKey], or one that the store made.
	ID event.ID
	// Sequence is the number of the event in the store, from 0.
	Sequence uint64
	// Clock is the number of the event within its entity, from 0.
	Clock uint32
	// Position is where the event's frame lies.
	Position event.Position
	// Repeated says that the event was there already, under the same key.
	Repeated bool
}

func receiptsOf(from []commit.Receipt) []Receipt {
	return convert(from, func(r commit.Receipt) Receipt { return Receipt(r) })
}

// State is what readers see of an entity.
type State struct {
	// Some says that the entity has visible events, Clock is that of the last one.
	Some  bool
	Clock uint32
}

// String is "no events" or "clock N".
func (s State) String() string { return commit.State(s).String() }

// Expected is what an append asks of its entity: nothing ([AnyState]), that it has no
// visible event ([NoEvents]), or that its last visible event has a given clock
// ([AtClock]). The zero Expected is AnyState. See [Expect].
type Expected = commit.Expected

// Expectations without a number; [AtClock] has one.
var (
	AnyState = commit.Any
	NoEvents = commit.NoEvents
)

// AtClock expects that the entity's last visible event has the clock n.
func AtClock(n uint32) Expected { return commit.AtClock(n) }
