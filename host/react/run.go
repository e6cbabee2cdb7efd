package react

import (
	"context"
	"errors"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

// Store is what [Run] needs: a [host.Store], or a [host.ActingStore] if the store has a policy.
type Store interface {
	host.FollowReader
	AppendBatch(ctx context.Context, items []host.Item) ([]host.Receipt, error)
}

// Run is a reactor: it calls handle for each event of the region in order of sequence, and
// appends the reactions that it returns as one batch, before it goes on to the next event.
// See the package's comment for what is certain after a crash.
//
// A reaction's cause is the trigger. Of the trigger it has the conversation and the metadata,
// to which [MetaReactor] and [MetaDepth] are added. The payload of the envelope is valid
// until handle returns.
//
// Run calls handle from the goroutine of its caller, and starts none. It returns when ctx ends,
// with its cause, once handle has returned; with the first error of the follower, the
// checkpoint or the store; and with an *[EventError] if an event is given up and not parked. A
// saved position of another store, or one beyond the end of this one, is a
// *host.PositionError.
func Run(ctx context.Context, store Store, types *typed.Types, name string, region host.Region, handle func(ctx context.Context, e typed.Envelope) ([]Reaction, error), o Options) error {
	if err := checkName(name); err != nil {
		return err
	}
	r := &reactor{store: store, types: types, name: name, handle: handle, o: o.withDefaults()}
	k := &keeper{checkpoint: o.Checkpoint, region: region, every: saveEvery}
	done, err := k.begin(o.From)
	if err != nil {
		return err
	}
	begun, err := store.Position(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	r.begun = begun.Sequence
	var f *host.Follower
	f = store.Follow(region, done, host.FollowOptions{
		Checkpoint: func(p host.Position) error {
			done = p
			return k.due(p)
		},
		CaughtUp: func(p host.Position) error {
			done = p
			if o.StopAtEnd && f.Behind() == 0 {
				return errEnd
			}
			return nil
		},
	})
	for e, err := range f.Events(ctx) {
		if err == nil || errors.Is(err, host.ErrErased) {
			err = r.event(ctx, e, err)
		}
		if errors.Is(err, errEnd) {
			return k.end(done, nil)
		}
		if err != nil {
			return k.end(done, err)
		}
		done = f.Position()
	}
	return k.end(done, nil)
}

// errEnd ends an iteration at the end of the store.
var errEnd = errors.New("react: the end of the store")

// reactor is a running Run.
type reactor struct {
	store  Store
	types  *typed.Types
	name   string
	handle func(ctx context.Context, e typed.Envelope) ([]Reaction, error)
	o      Options
	begun  uint64 // the end of the store when Run began
}

// event deals with one event. With a nil error it is done, parked or passed over.
func (r *reactor) event(ctx context.Context, full event.Full, erased error) error {
	if !r.o.OwnReactions && isReaction(&full.Event, r.name) {
		return nil
	}
	e, err := decode(r.types, full, erased)
	if err != nil {
		return r.giveUp(ctx, &e, 0, err)
	}
	for try := 1; ; try++ {
		next, err := r.try(ctx, &e, try)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case next == stop:
			return newEventError(r.name, &e, try, err)
		case next == park || r.o.Retry.last(try):
			return r.giveUp(ctx, &e, try, err)
		}
		if err := r.o.Retry.sleep(ctx, r.o.Retry.pause(try)); err != nil {
			return err
		}
	}
}

func (r *reactor) giveUp(ctx context.Context, e *typed.Envelope, tries int, err error) error {
	return giveUp(ctx, r.name, r.o.Park, e, tries, err)
}

// next says what follows a failed try.
type next uint8

const (
	again next = iota // the error may go away
	park              // it will not
	stop              // it is not about the event
)

// try asks the handler and appends its reactions, unless that is done.
func (r *reactor) try(ctx context.Context, e *typed.Envelope, try int) (next, error) {
	// A new event is done only if another reactor of this name runs, which the append finds
	// out. To look first would build the index of each new event for that alone.
	if e.Sequence < r.begun || try > 1 {
		if done, err := r.done(ctx, e.ID); done || err != nil {
			return stop, err
		}
	}
	var reactions []Reaction
	err := call(func() (err error) {
		reactions, err = r.handle(ctx, *e)
		return err
	})
	if err != nil {
		return after(err), err
	}
	if len(reactions) == 0 {
		return again, nil
	}
	batch, err := items(r.types, r.name, r.o.MaxDepth, e, reactions)
	if err != nil {
		return park, err
	}
	_, err = r.store.AppendBatch(ctx, batch)
	var write *host.WriteError
	switch {
	case errors.Is(err, host.ErrKey):
		// Another reactor of this name was first, with other reactions.
		switch done, failed := r.done(ctx, e.ID); {
		case failed != nil:
			return stop, errors.Join(err, failed)
		case done:
			return again, nil
		}
		return park, err
	case errors.Is(err, host.ErrConflict) || errors.As(err, &write):
		return again, err
	}
	return park, err
}

// done reports whether the trigger has its reactions.
func (r *reactor) done(ctx context.Context, trigger event.ID) (bool, error) {
	// Unlike Get, Ancestors reads no frame of the reaction.
	for _, err := range r.store.Ancestors(ctx, keyOf(family(trigger, r.name), 0), 1) {
		if errors.Is(err, host.ErrNotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// after returns what follows an error of a handler.
func after(err error) next {
	var panicked *PanicError
	switch {
	case errors.Is(err, host.ErrClosed) || errors.Is(err, host.ErrFailed):
		return stop
	case errors.As(err, &panicked):
		return park
	}
	return again
}
