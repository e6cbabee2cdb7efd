package cli

import (
	"errors"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/host"
)

// filterFlags are conditions on events. An event must meet all that are given. No index has
// times, so lineFlags.times checks them.
type filterFlags struct {
	entity, prefix, scope string
	kind                  kinds
	category              category
	clock                 clocks
	after                 number[uint64]
	times                 times
}

func (q *filterFlags) add(a *app, c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&q.entity, "entity", "", "only events of this entity")
	f.StringVar(&q.prefix, "prefix", "", "only events of entities with this prefix")
	f.StringVar(&q.scope, "scope", "", "only events in this scope")
	f.Var(&q.kind, "kind", "only events of this kind: a number such as 0x1000, or a\nname such as order.placed or DATA; may be given several\ntimes, or as A,B")
	f.Var(&q.category, "category", "only kinds of this category, 0 to 15")
	f.Var(&q.clock, "clock", "only events with these versions within their entity,\nboth ends included")
	f.Var(&q.after, "after", "only events with a higher sequence than this")
	f.Var(&q.times.since, "since", "only events whose own time is this or later")
	f.Var(&q.times.until, "until", "only events whose own time is earlier than this")
	plainFlag(c, "entity", "prefix", "scope", "category", "clock", "after", "since", "until")
	_ = c.RegisterFlagCompletionFunc("kind", a.completeKind)
}

// check refuses empty conditions, which come from an unset variable in a script and would
// otherwise select every event.
func (q *filterFlags) check(c *cobra.Command) error {
	for name, value := range map[string]string{"entity": q.entity, "prefix": q.prefix, "scope": q.scope} {
		if value == "" && c.Flags().Changed(name) {
			return errors.New("--" + name + " is empty; omit it to select all")
		}
	}
	return q.times.check()
}

// timed returns a region with the times of the flags.
func (q *filterFlags) timed(r host.Region) host.Region {
	if q.times.since.given {
		r.Since = time.UnixMicro(q.times.since.us)
	}
	if q.times.until.given {
		r.Until = time.UnixMicro(q.times.until.us)
	}
	return r
}

// region returns the region of the flags in a store with some names; ok is false if no
// event can match. The error is a wrong usage of c.
func (q *filterFlags) region(c *cobra.Command, names naming) (r host.Region, from uint64, ok bool, err error) {
	kinds, err := q.kind.resolve("kind", names)
	if err != nil {
		return r, 0, false, &usageError{command: c, err: err}
	}
	r = host.Region{Entity: q.entity, EntityPrefix: q.prefix, Scope: q.scope, Clocks: q.clock.bounds}
	r.Kinds, ok = kinds.Intersect(q.category.set)
	if q.after.given {
		ok = ok && q.after.value != math.MaxUint64
		from = q.after.value + 1
	}
	return r, from, ok, nil
}
