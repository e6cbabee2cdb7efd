package react

import (
	"context"
	"errors"

	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

// Options are the options of [Run]. The zero value reads the store from its beginning.
type Options struct {
	// Checkpoint, if not nil, keeps the position. It is saved about every second and when Run
	// returns.
	Checkpoint Checkpoint
	// From is where Run begins if no position is saved yet. The store's Position makes a
	// reactor that does not react to what happened before it was first started; such a one
	// needs a Checkpoint.
	From host.Position
	// StopAtEnd makes Run return nil when it has dealt with every event of the store,
	// reactions to its own reactions included.
	StopAtEnd bool
	// Retry is for errors of the handler, for a conflict of the append, after which the
	// handler is asked again, and for a write that failed and was undone.
	Retry Retry
	// Park, if not nil, is called with an event that was given up, and an *[EventError]: the
	// tries are used up, the payload cannot be decoded or was erased (errors.Is finds
	// host.ErrErased), the handler panicked, or the append was refused, for example by a policy.
	// If it returns nil, Run goes on. Without Park, and if the store itself failed, Run returns
	// the *EventError.
	//
	// Park may be called again for the same event after a crash. To try a parked event once
	// more, run the reactor without a checkpoint, From the event's sequence: it passes over
	// what is done.
	Park func(ctx context.Context, e typed.Envelope, err error) error
	// OwnReactions makes the handler see the reactions of this reactor. By default they are
	// passed over.
	OwnReactions bool
	// MaxDepth bounds a chain of reactions to reactions, of all reactors, by default 16. Beyond
	// it an event is given up with [ErrDepth].
	MaxDepth int
}

const defaultMaxDepth = 16

func (o Options) withDefaults() Options {
	o.Retry = o.Retry.withDefaults(runTries)
	if o.MaxDepth <= 0 {
		o.MaxDepth = defaultMaxDepth
	}
	return o
}

// DeliverOptions are the options of [Deliver]. The zero value reads the store from its
// beginning at each start.
type DeliverOptions struct {
	// Checkpoint, if not nil, keeps the position. It is saved when every event so far has been
	// delivered, about every second while there is more, and when Deliver returns.
	Checkpoint Checkpoint
	// From is where Deliver begins if no position is saved yet.
	From host.Position
	// AtOnce bounds the events that are delivered at a time, by default 1. They are of
	// different entities, and the function is called from several goroutines.
	AtOnce int
	// StopAtEnd makes Deliver return nil when it has delivered every event of the store.
	StopAtEnd bool
	// Retry is for errors of the function, by default for about two minutes: what it delivers
	// to may be away for a while. A pause holds up only the events of the same entity, until
	// 1024 events, delivered or not, come after the one that failed, or 16 MiB of payloads wait.
	Retry Retry
	// Park, if not nil, is called with an event that was given up, and an *[EventError]: the
	// tries are used up, the payload cannot be decoded or was erased (errors.Is finds
	// host.ErrErased), or the function panicked. If it returns
	// nil, the next event of the entity follows. Without Park, Deliver returns the
	// *EventError. Park is called from several goroutines, and may be called again for the same
	// event after a crash.
	Park func(ctx context.Context, e typed.Envelope, err error) error
}

func (o DeliverOptions) withDefaults() DeliverOptions {
	o.Retry = o.Retry.withDefaults(deliverTries)
	o.AtOnce = max(o.AtOnce, 1)
	return o
}

// giveUp parks an event, or returns the error with which the run stops.
func giveUp(ctx context.Context, name string, park func(context.Context, typed.Envelope, error) error, e *typed.Envelope, tries int, err error) error {
	failed := newEventError(name, e, tries, err)
	if park == nil || ofStore(err) {
		return failed
	}
	parking := call(func() error { return park(ctx, *e, failed) })
	switch {
	case parking == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return newEventError(name, e, tries, errors.Join(err, parking))
}
