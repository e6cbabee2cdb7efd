package query

import (
	"math"
	"strings"

	"github.com/thawlog/thaw/core/event"
)

// Region says which events a query asks for. All conditions that are set must hold; the
// zero Region is every event.
type Region struct {
	// Entity is the exact name; EntityPrefix is a prefix of it.
	Entity, EntityPrefix string
	Scope                string
	Kinds                event.Kinds
	// Clocks bounds the number within the entity.
	Clocks Clocks
	// Times bounds the events' own times, or their WallMS.
	Times Times
}

// everything reports whether every event is in the region.
func (r *Region) everything() bool {
	return r.Entity == "" && r.EntityPrefix == "" && r.Scope == "" && r.Kinds.All() && r.Clocks.all() &&
		r.Times.all()
}

// Has reports whether an event is in the region. With bounds of own times the event must be
// Timed.
func (r *Region) Has(e *event.Event) bool {
	return (r.Entity == "" || r.Entity == e.Entity) && strings.HasPrefix(e.Entity, r.EntityPrefix) &&
		(r.Scope == "" || r.Scope == e.Scope) && r.Kinds.Has(e.Kind) && r.Clocks.has(e.Clock) &&
		r.Times.hasEvent(e)
}

// Clocks is a range of clocks, both ends included. The zero Clocks is all clocks.
type Clocks struct {
	min, max uint32
	limited  bool
}

// ClocksBetween returns the range from low to high, both included.
func ClocksBetween(low, high uint32) Clocks { return Clocks{min: low, max: high, limited: true} }

// Bounds returns the lowest and the highest clock of the range; limited is false for
// the zero Clocks.
func (c Clocks) Bounds() (low, high uint32, limited bool) {
	if !c.limited {
		return 0, math.MaxUint32, false
	}
	return c.min, c.max, true
}

// has reports whether a clock is in the range.
func (c Clocks) has(clock uint32) bool {
	return !c.limited || c.min <= clock && clock <= c.max
}

// all reports whether every clock is in the range.
func (c Clocks) all() bool { return !c.limited || c.min == 0 && c.max == math.MaxUint32 }
