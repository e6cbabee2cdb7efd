package host

import (
	"math"
	"time"

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
	// Kinds is one kind (event.Only), several (event.AnyOf) or one category
	// (event.InCategory).
	Kinds event.Kinds
	// Clocks bounds the event's version within its entity; see ClocksBetween.
	Clocks Clocks
	// Since and Until bound the event's own time ([event.Event.TimestampUS]): Since is
	// included, Until is not, and the zero time is no bound. An own time is in µs; bounds
	// between two µs are rounded up.
	//
	// The index does not have own times. It has WallMS, which is never below the own time in
	// ms: events with a WallMS before Since are too early, and without Since, those with a
	// WallMS before Until match. Of the others the query reads the frame, checks it as Read
	// does, and returns the event with its own time (Timed). So Until alone reads little, and
	// Since reads about as many frames as the events that follow it. Only own times decide:
	// they need not rise with sequences.
	Since, Until time.Time
}

// Has reports whether an event is in the region. With bounds of time the event must be Timed,
// as those of ReadEach and of a [Follower] with payloads are.
func (r Region) Has(e *event.Event) bool {
	core := r.Core()
	return core.Has(e)
}

// Core returns the region as core's queries take it.
func (r Region) Core() query.Region {
	out := query.Region{
		Entity: r.Entity, EntityPrefix: r.EntityPrefix, Scope: r.Scope, Kinds: r.Kinds, Clocks: r.Clocks,
	}
	since, from := microseconds(r.Since)
	until, to := microseconds(r.Until)
	switch {
	case from == after || to == before: // no own time is so late, or so early
		out.Times = out.Times.Until(math.MinInt64)
		return out
	case to == within:
		out.Times = out.Times.Until(until)
	}
	if from == within {
		out.Times = out.Times.Since(since)
	}
	return out
}

// Where a time lies.
const (
	unset  = iota // it is the zero time
	before        // before the first that an own time can be
	within
	after // after the last
)

// microseconds returns a time in µs since 1970, rounded up.
func microseconds(t time.Time) (us int64, where int) {
	if t.IsZero() {
		return 0, unset
	}
	seconds, part := t.Unix(), int64(t.Nanosecond()+999)/1000
	switch {
	case seconds < math.MinInt64/1_000_000:
		return 0, before
	case seconds >= math.MaxInt64/1_000_000:
		return 0, after
	}
	return seconds*1_000_000 + part, within
}

// Clocks is a range of clocks, both ends included. The zero Clocks is every clock.
type Clocks = query.Clocks

// ClocksBetween returns the range from low to high, both included.
func ClocksBetween(low, high uint32) Clocks { return query.ClocksBetween(low, high) }

// Page bounds the events that a query returns, and says in which order. To continue a query,
// use Next.
type Page struct {
	// From is the lowest sequence.
	From uint64
	// Limit is the maximum number of events, 0 or less for no limit.
	Limit int
	// To is one more than the highest sequence, 0 for no bound.
	To uint64
	// Reverse returns the highest sequence first: with Limit, the last events.
	Reverse bool
}

// Next returns the page after e, the last event that a query with p returned. ok is false
// when no sequence between From and To is left. It is safer than setting To by hand, where 0
// is no bound:
//
//	for ok := true; ok; {
//		var last event.Event
//		n := 0
//		for e, err := range r.Query(ctx, region, page) { last = e; n++; … }
//		if n < page.Limit { break }
//		page, ok = page.Next(last)
//	}
func (p Page) Next(e event.Event) (next Page, ok bool) {
	core, ok := query.Page(p).Next(e)
	return Page(core), ok
}

// StreamPage bounds the events of a stream that a query returns, and says in which order. To
// continue a stream, use Next.
type StreamPage struct {
	// From is the lowest clock.
	From uint32
	// Limit is the maximum number of events, 0 for no limit.
	Limit int
	// To is one more than the highest clock, 0 for no bound.
	To uint32
	// Reverse returns the highest clock first: with Limit, the last events.
	Reverse bool
}

// Next returns the page after e, the last event that a stream with p returned, as
// [Page.Next] does. batpak 0.4.0 can assign a clock twice: of two events with the clock of e,
// a page that ends between them loses the second.
func (p StreamPage) Next(e event.Event) (next StreamPage, ok bool) {
	core, ok := query.StreamPage(p).Next(e)
	return StreamPage(core), ok
}
