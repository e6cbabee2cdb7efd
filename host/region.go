package host

import (
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
)

// Region says which events a query asks for. Conditions that are set must all hold;
// the zero Region is every event.
type Region struct {
	// Entity is the exact name; EntityPrefix is how the name begins.
	Entity, EntityPrefix string
	// Scope is the exact name of a scope.
	Scope string
	// Kinds is one kind (event.Only) or a range of them.
	Kinds event.Kinds
	// Clocks bounds the number of the event within its entity; see ClocksBetween.
	Clocks Clocks
}

// Clocks is a range of clocks, both ends included. The zero Clocks is all.
type Clocks = query.Clocks

// ClocksBetween returns the range from low to high, both included.
func ClocksBetween(low, high uint32) Clocks { return query.ClocksBetween(low, high) }

// Page says where a query begins and how far it goes. To go on where one ended, set
// From to the last event's sequence plus one.
type Page struct {
	// From is the lowest sequence wanted.
	From uint64
	// Limit is the highest number of events wanted, 0 for no limit.
	Limit int
}

// StreamPage says where a stream begins and how far it goes. To go on where one ended,
// set From to the last event's clock plus one.
type StreamPage struct {
	// From is the lowest clock wanted.
	From uint32
	// Limit is the highest number of events wanted, 0 for no limit.
	Limit int
}
