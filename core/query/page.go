package query

import (
	"math"

	"github.com/thawlog/thaw/core/event"
)

// Page says where an iteration begins and ends, and in which order. To continue one, use
// Next.
type Page struct {
	// From is the lowest sequence wanted.
	From uint64
	// Limit is the highest number of events wanted, 0 for no limit.
	Limit int
	// To is one more than the highest sequence wanted, 0 for no bound.
	To uint64
	// Reverse asks for the highest sequence first.
	Reverse bool
}

// Next returns the page after an event that the page ended with. ok is false when there is
// none: no sequence is left between From and To. Setting From or To by hand instead has a
// trap: To = 0 is no bound.
func (p Page) Next(e event.Event) (next Page, ok bool) {
	next = p
	if p.Reverse {
		next.To = e.Sequence
		return next, e.Sequence > p.From
	}
	next.From = e.Sequence + 1
	return next, e.Sequence < math.MaxUint64 && (p.To == 0 || next.From < p.To)
}

// has reports whether a sequence is within the bounds of the page.
func (p *Page) has(sequence uint64) bool {
	return sequence >= p.From && (p.To == 0 || sequence < p.To)
}

// passed moves the bounds of the page past an event that was yielded. more is false when the
// page is full.
func (p *Page) passed(sequence uint64) (more bool) {
	next, more := p.Next(event.Event{Facts: event.Facts{Sequence: sequence}})
	if more {
		*p = next
	}
	p.Limit--
	return more && p.Limit != 0
}

// StreamPage says where a stream begins and ends, and in which order. To continue one, use
// Next.
type StreamPage struct {
	// From is the lowest clock wanted.
	From uint32
	// Limit is the highest number of events wanted, 0 for no limit.
	Limit int
	// To is one more than the highest clock wanted, 0 for no bound.
	To uint32
	// Reverse asks for the highest clock first.
	Reverse bool
}

// Next returns the page after an event that the page ended with. ok is false when there is
// none. It passes over further events with the same clock, which only batpak 0.4.0 writes.
func (p StreamPage) Next(e event.Event) (next StreamPage, ok bool) {
	next = p
	if p.Reverse {
		next.To = e.Clock
		return next, e.Clock > p.From
	}
	next.From = e.Clock + 1
	return next, e.Clock < math.MaxUint32 && (p.To == 0 || next.From < p.To)
}

// Clocks returns the clocks of the page. ok is false when there are none.
func (p StreamPage) Clocks() (clocks Clocks, ok bool) {
	last := uint32(math.MaxUint32)
	if p.To > 0 {
		last = p.To - 1
	}
	return ClocksBetween(p.From, last), p.From <= last
}
