package aggregate

import (
	"context"
	"errors"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// Do loads an aggregate, lets decide say which events follow, and appends them as one batch
// if the aggregate has not changed meanwhile. If it has, Do does this again after a short
// random pause, up to [Tries] times; then the error is a *[ConflictError]. decide returns
// values of the registry's types. Its error ends Do as it is. After any error but those of
// class [host.ErrUnknown] and [host.ErrFailed], nothing was written.
//
// Before they are appended, Apply gets the decided events too: one that it refuses, as every
// later load would, is an *[ApplyError]. Of such an event Apply has what is known of it: no
// hashes and no position; as sequence the next one; as time the store's now or that of
// [host.WithTime]; its id if Do has a key, otherwise another one.
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
//     Any command with the key on the aggregate gets these receipts, so make the key of the
//     command's name too: host.KeyOf("pay " + request). A command that was refused, by decide,
//     by Apply or by a gate, leaves its key free, and is decided on when it is repeated.
//   - [host.Expect] refuses the command with a *[host.ExpectError] if the aggregate is in
//     another state before the first try or a later one.
//   - [host.Unless] is a condition of the first event. A command that it refuses is not tried
//     again, since the condition does not change.
//   - The others are given to every event.
//
// Without a key, no events are no receipts, and nothing is written.
//
// A decided value needs no time of the decision: each event has its own, [event.Event].TimestampUS,
// which Apply sees.
func (a *Aggregates[T]) Do(ctx context.Context, id string, decide func(*T) ([]any, error), options ...host.AppendOption) ([]host.Receipt, error) {
	at, err := a.at(id)
	if err != nil {
		return nil, err
	}
	c := command{store: a.store, options: host.SplitOptions(options), tries: a.tries, entity: at.Entity, ack: at}
	if err := a.turns.take(ctx, at.Entity); err != nil {
		return nil, err
	}
	defer a.turns.end(at.Entity)
	return c.run(ctx, func() (d decision, err error) {
		l, err := a.load(ctx, at)
		if err != nil {
			return d, err
		}
		a.wantSnapshot(l)
		if e := c.options.Expected; e != host.AnyState && e != l.Version.Expected() {
			refusal := &host.ExpectError{Entity: at.Entity, Expected: e}
			refusal.Actual.Some, refusal.Actual.Clock = l.Version.Some, l.Version.Clock
			return d, refusal
		}
		values, err := decide(l.State)
		if err != nil {
			return d, err
		}
		if d.items, err = a.items(at, values); err != nil {
			return d, err
		}
		if err := a.foresee(l, d.items, &c.options); err != nil {
			return d, err
		}
		d.conditions, d.conflict = []host.AppendOption{host.Expect(l.Version.Expected())}, conflictOfDo
		return d, nil
	})
}

// items makes the items of decided values.
func (a *Aggregates[T]) items(at event.Coordinate, values []any) ([]host.Item, error) {
	items := make([]host.Item, len(values))
	for i, value := range values {
		var err error
		if items[i], err = a.types.Item(at, value); err != nil {
			return nil, &host.ItemError{Item: i, Err: err}
		}
	}
	return items, nil
}

// conflictOfDo reports whether the aggregate has changed. A condition of the caller would not
// hold the next time either.
func conflictOfDo(err error) bool {
	var condition *host.ConditionError
	return !errors.As(err, &condition)
}
