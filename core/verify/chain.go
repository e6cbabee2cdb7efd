package verify

import (
	"errors"

	"github.com/thawlog/thaw/core/event"
)

// Causes of damage of reason chain.
var (
	errFirst     = errors.New("verify: the entity's first event has a clock or a previous hash")
	errClock     = errors.New("verify: the clock is not the one after the entity's last event")
	errPrevHash  = errors.New("verify: prev_hash is not the hash of the entity's last event")
	errContinues = errors.New("verify: the event continues no event of its entity")
	errWall      = errors.New("verify: the wall clock is before that of the entity's last event")
	errNoChain   = errors.New("verify: the event has no hash chain")
)

// head is an event that a later one may continue.
type head struct {
	hash   event.Hash
	wall   uint64
	clock  uint32
	any    bool
	hidden bool
	// suspect says that the event is suspect: see the package comment.
	suspect bool
}

// continues reports whether an event with facts f follows h in the chain.
func (h *head) continues(f *event.Facts) bool {
	return h.any && f.PrevHash == h.hash && f.Clock == h.clock+1 && f.Clock != 0
}

// chain is the state of one entity's chain.
type chain struct {
	last     head
	branches *branches
	epoch    uint32 // losses before the last event
	thinned  uint32 // segments from which events are missing, before the last event's
	most     uint32 // the highest clock so far
}

// branches holds the heads other than the last event. Only fences make them differ from
// it.
type branches struct {
	visible head // the last event that is not hidden
	forked  head // the last event before the chain last began again
}

// link adds the next event of the entity. epoch counts the losses of the log so far, and
// thinned says that events may be missing before it that were removed or not selected. why is an error in the chain; fork
// reports that the chain forks here without a known reason.
func (c *chain) link(f *event.Facts, now head, epoch uint32, thinned bool) (why error, fork bool) {
	lost := epoch != c.epoch
	begins := f.Clock == 0 && f.PrevHash.IsZero()
	from := &c.last
	switch b := c.branches; {
	case !c.last.any:
		if !begins && !lost && !thinned {
			why = errFirst
		}
	case c.last.continues(f):
	case b != nil && b.visible.continues(f):
		from = &b.visible
	case b != nil && b.forked.continues(f):
		from, fork = &b.forked, true
	case begins:
		fork = !c.last.hidden && !lost && !c.last.suspect
		c.branch().forked = c.last
		from = &head{}
	case f.PrevHash == c.last.hash && f.Clock == c.most+1 && f.Clock != 0:
		// thaw continues a forked chain with a clock above all earlier ones.
		fork = true
	case lost:
	case thinned:
		// Between two clocks that are not neighbours, events are missing. Otherwise the
		// whole chain forks, and the event that this one continues is missing.
		if fork = f.Clock <= c.last.clock+1; fork {
			from = &head{}
		}
	case c.last.suspect && (f.PrevHash == c.last.hash || f.Clock == c.last.clock+1):
	case f.PrevHash == c.last.hash:
		why = errClock
	case f.Clock == c.last.clock+1:
		why = errPrevHash
	default:
		why = errContinues
	}
	if why == nil && from.any && now.wall < from.wall && !from.suspect {
		why = errWall
	}
	now.suspect = now.suspect || why != nil
	if now.hidden && !c.last.hidden {
		c.branch().visible = c.last
	}
	c.last, c.epoch, c.most = now, epoch, max(c.most, f.Clock)
	return why, fork
}

func (c *chain) branch() *branches {
	if c.branches == nil {
		c.branches = &branches{}
	}
	return c.branches
}
