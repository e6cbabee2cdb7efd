package host

import (
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
)

// Region selects the events of a query. An event must meet all conditions that are set;
// the zero Region selects every event.
type Region struct {
	// Entity is the exact name; EntityPrefix is the beginning of the name.
	Entity, EntityPrefix string
	// Scope is the exact name of a scope.
	Scope string
	// Kinds is one kind (event.Only) or one category (event.InCategory).
	Kinds event.Kinds
	// Clocks bounds the event's version within its entity; see ClocksBetween.
	Clocks Clocks
}

// Clocks is a range of clocks, both ends included. The zero Clocks is every clock.
type Clocks = query.Clocks

// ClocksBetween returns the range from low to high, both included.
func ClocksBetween(low, high uint32) Clocks { return query.ClocksBetween(low, high) }

// Page bounds the events that a query returns. To continue a query, set From to the last
// event's sequence plus one.
type Page struct {
	// From is the lowest sequence.
	From uint64
	// Limit is the maximum number of events, 0 for no limit.
	Limit int
}

// StreamPage bounds the events of a stream that a query returns. To continue a stream, set
// From to the last event's clock plus one.
type StreamPage struct {
	// From is the lowest clock.
	From uint32
	// Limit is the maximum number of events, 0 for no limit.
	Limit int
}
