package host

import (
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
)

// Unless makes the append fail with a *[ConditionError] if, when it is written, a visible
// event at or after the position is in one of the regions: what the caller decided on has
// changed since it looked. Take the position first and read afterwards, best from one
// [Snapshot]. Of two appends whose conditions exclude each other, one succeeds.
//
// Everything before the event counts: what is committed, what is written in the same group,
// and the earlier items of its own batch. So give the condition of a whole batch or fence to
// its first item; one that an earlier item breaks is [ErrBatchCondition], not a conflict. An append may have several conditions, and [Expect] as well; all must hold.
// A repetition under [WithKey] returns the first receipt and judges nothing.
//
// The zero Region holds every event. A region may not have Since or Until. Without a
// region the append fails with [ErrNoRegion], and with a position of another store or after
// the end of this one with a *[PositionError].
//
// A condition on an entity or a scope costs little however many events there are since the
// position; so does any other while these are few. Otherwise the index answers, as for a
// query.
func Unless(position Position, regions ...Region) AppendOption {
	c := &condition{position: position}
	c.alone[0] = &c.Condition
	c.From, c.Check = position.Sequence, c.check
	if c.Regions = c.few[:0]; len(regions) > len(c.few) {
		c.Regions = make([]query.Region, 0, len(regions))
	}
	for _, r := range regions {
		c.Regions = append(c.Regions, r.Core())
	}
	return AppendOption{what: optUnless, condition: c}
}

// condition is a condition of an append. It does not change.
type condition struct {
	commit.Condition
	position Position
	few      [2]query.Region // backs Regions
	// alone is the list of this condition, for the entries that have no other.
	alone [1]*commit.Condition
}

func (c *condition) check(store event.ID, end uint64) error {
	return c.position.In(Position{Store: store, Sequence: end})
}
