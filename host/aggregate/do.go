package aggregate

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// Do loads an aggregate, lets decide say which events follow, and appends them as one batch
// if the aggregate has not changed meanwhile. If it has, Do does this again after a short
// random pause, up to [Tries] times; then the error is a *[ConflictError]. decide returns
// values of the registry's types. Its error ends Do as it is. After any error but those of
// class [host.ErrUnknown] and [host.ErrFailed], nothing was written.
//
// decide may be called several times, so it must only look at the state. Commands on one
// aggregate take turns, so it must not call Do for the same one.
//
// The options are for the command as a whole:
//
//   - [host.WithKey] makes it safe to repeat. A command whose key is known is not decided on:
//     Do returns the receipts of the first time, with Repeated set, whatever decide would say
//     now. If decide returns no events, Do appends one of kind event.EffectAck, so that the
//     key is known, and returns its receipt. A key of another entity is a *[host.KeyError].
//     The first event has the key as its id, the others ids derived from it.
//   - [host.Expect] refuses the command with a *[host.ExpectError] if the aggregate is in
//     another state before the first try or a later one.
//   - [host.Unless] is a condition of the first event. A command that it refuses is not tried
//     again, since the condition does not change.
//   - The others are given to every event.
//
// Without a key, no events are no receipts, and nothing is written.
func (a *Aggregates[T]) Do(ctx context.Context, id string, decide func(*T) ([]any, error), options ...host.AppendOption) ([]host.Receipt, error) {
	at, err := a.at(id)
	if err != nil {
		return nil, err
	}
	c := command[T]{Aggregates: a, at: at, decide: decide, options: host.SplitOptions(options)}
	if err := a.turns.take(ctx, at.Entity); err != nil {
		return nil, err
	}
	defer a.turns.end(at.Entity)
	for try := 1; ; try++ {
		receipts, again, err := c.try(ctx)
		switch {
		case !again:
			return receipts, err
		case try >= a.tries:
			return nil, &ConflictError{Entity: at.Entity, Tries: try, Err: err}
		}
		if err := pause(ctx, try); err != nil {
			return nil, err
		}
	}
}

// command is one call of Do.
type command[T any] struct {
	*Aggregates[T]
	at      event.Coordinate
	decide  func(*T) ([]any, error)
	options host.BatchOptions
}

// try decides once. again reports whether err is a conflict that another try may avoid.
func (c *command[T]) try(ctx context.Context) (receipts []host.Receipt, again bool, err error) {
	// Before anything that the first time may have changed.
	if c.options.Keyed {
		if first, known, err := c.first(ctx); known || err != nil {
			return first, false, err
		}
	}
	l, err := c.load(ctx, c.at)
	if err != nil {
		return nil, false, err
	}
	c.wantSnapshot(l)
	if e := c.options.Expected; e != host.AnyState && e != l.Version.Expected() {
		refusal := &host.ExpectError{Entity: c.at.Entity, Expected: e}
		refusal.Actual.Some, refusal.Actual.Clock = l.Version.Some, l.Version.Clock
		return nil, false, refusal
	}
	values, err := c.decide(l.State)
	if err != nil {
		return nil, false, err
	}
	items, err := c.items(values, l.Version)
	if err != nil || len(items) == 0 {
		return nil, false, err
	}
	receipts, err = c.store.AppendBatch(ctx, items)
	var changed *host.ExpectError
	switch {
	case c.options.Keyed && (err == nil && receipts[0].Repeated || errors.Is(err, host.ErrKey)):
		// The same command was done in the meantime. What it decided may differ.
		if first, known, firstErr := c.first(ctx); known || firstErr != nil {
			return first, false, firstErr
		}
		return receipts, false, err
	case errors.As(err, &changed):
		return nil, true, err
	}
	return receipts, false, err
}

// items makes the batch of what was decided.
func (c *command[T]) items(values []any, version host.State) ([]host.Item, error) {
	o := &c.options
	var items []host.Item
	if len(values) == 0 && o.Keyed {
		items = []host.Item{{At: c.at, Kind: event.EffectAck, Options: append(
			o.Each[:len(o.Each):len(o.Each)], host.AllowReservedKind())}}
	}
	for i, value := range values {
		item, err := c.types.Item(c.at, value, o.Each...)
		if err != nil {
			return nil, &host.ItemError{Item: i, Err: err}
		}
		items = append(items, item)
	}
	for i := range items {
		own := items[i].Options
		own = own[:len(own):len(own)] // all items share them
		if o.Keyed {
			own = append(own, host.WithKey(itemKey(o.Key, i)))
		}
		if i == 0 {
			own = append(append(own, o.Conditions...), host.Expect(version.Expected()))
		}
		items[i].Options = own
	}
	return items, nil
}

// Between tries passes a random time below the pause, which doubles.
const (
	firstPause   = time.Millisecond
	longestPause = 100 * time.Millisecond
)

// pause waits after a try. Its error is the cause of ctx.
func pause(ctx context.Context, try int) error {
	most := min(firstPause<<min(try-1, 20), longestPause)
	t := time.NewTimer(rand.N(most))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
