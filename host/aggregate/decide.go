package aggregate

import (
	"context"
	"errors"
	"slices"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

// Decide is a command on several entities, such as a book and the member who borrows it. It
// takes the store's position, lets decide look at what it wants and say which events follow,
// and appends them as one batch if since that position no event was appended in one of the
// regions. If one was, Decide does this again after a short random pause, up to
// [DefaultTries] times; then the error is a *[ConflictError]. decide's error ends Decide as it
// is. After any error but those of class [host.ErrUnknown] and [host.ErrFailed], nothing was
// written.
//
// The regions are what the decision depends on, 1 to 64: of what decide reads outside of
// them, later changes go unnoticed. They may be wider than what it reads, which costs tries.
// See [host.Unless] for what a region may have.
//
// decide returns the items of a batch. One without a kind has that of its value's type in the
// registry. Their coordinates need not be in the regions. decide may read with the store or
// with the Load of any [Aggregates]. It may be called several times, so it must only look.
// Commands on a same region take turns within a process, so decide must not call Decide or
// Do.
//
// The options are for the command as a whole, as those of [Aggregates.Do]:
//
//   - [host.WithKey] makes it safe to repeat, as with Do: the first receipts are returned
//     before anything is decided. If decide returns no items, Decide appends one event of kind
//     event.EffectAck at the coordinate of entity "aggregate.Decide" and scope "aggregate".
//     It does not look at which entity the key's event is of: any command with the key gets
//     its receipts.
//   - [host.Expect] and [host.Unless] are conditions of the first event. A command that they
//     refuse is not tried again.
//   - The others are given to every event.
//
// Without a key, no items are no receipts, and nothing is written.
//
// Decide does not know the states that the events are for, so unlike Do it does not ask their
// Apply whether they can follow.
func Decide(ctx context.Context, store Store, types *typed.Types, regions []host.Region, decide func(context.Context) ([]host.Item, error), options ...host.AppendOption) ([]host.Receipt, error) {
	if len(regions) == 0 {
		return nil, host.ErrNoRegion
	}
	c := command{store: store, options: host.SplitOptions(options), tries: DefaultTries, ack: ackOfDecide}
	position, err := store.Position(ctx)
	if err != nil {
		return nil, err
	}
	end, err := takeRegions(ctx, position.Store, regions)
	if err != nil {
		return nil, err
	}
	defer end()
	return c.run(ctx, func() (d decision, err error) {
		if position, err = store.Position(ctx); err != nil {
			return d, err
		}
		items, err := decide(ctx)
		if err != nil {
			return d, err
		}
		if d.items, err = withKinds(types, items); err != nil {
			return d, err
		}
		from, expected := position.Sequence, c.options.Expected
		d.conditions = []host.AppendOption{host.Unless(position, regions...)}
		if expected != host.AnyState {
			d.conditions = append(d.conditions, host.Expect(expected))
		}
		d.conflict = func(err error) bool { return conflictOfDecide(err, from, expected) }
		return d, nil
	})
}

// ackOfDecide is where the event lies that stands for a command without events.
var ackOfDecide = event.At("aggregate.Decide", "aggregate")

// withKinds returns items with the kinds of their values, where they have none.
func withKinds(types *typed.Types, items []host.Item) ([]host.Item, error) {
	items = slices.Clone(items) // decide may keep them
	for i := range items {
		if items[i].Kind != 0 {
			continue
		}
		item, err := types.Item(items[i].At, items[i].Payload, items[i].Options...)
		if err != nil {
			return nil, &host.ItemError{Item: i, Err: err}
		}
		items[i] = item
	}
	return items, nil
}

// conflictOfDecide reports whether something has changed since a sequence, and not a condition
// of the caller refuses the command.
func conflictOfDecide(err error, from uint64, expected host.Expected) bool {
	var expect *host.ExpectError
	var condition *host.ConditionError
	switch {
	case errors.As(err, &condition):
		return condition.From == from
	case errors.As(err, &expect):
		return expected == host.AnyState || expect.Expected != expected
	}
	return true
}

// deciding is the turns on regions, of all stores: one command at a time decides on a region.
var deciding = newTurns()

// takeRegions takes the turns of regions. end ends them.
func takeRegions(ctx context.Context, store event.ID, regions []host.Region) (end func(), err error) {
	names := make([]string, len(regions))
	for i, r := range regions {
		names[i] = store.String() + " " + r.String()
	}
	slices.Sort(names) // all in one order, so that no two wait for each other
	names = slices.Compact(names)
	taken := 0
	end = func() {
		for _, name := range names[:taken] {
			deciding.end(name)
		}
	}
	for _, name := range names {
		if err := deciding.take(ctx, name); err != nil {
			end()
			return nil, err
		}
		taken++
	}
	return end, nil
}
