package react

import (
	"bytes"
	"context"
	"errors"

	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

// Deliver tells the world outside of the events of a region, at least once each: it calls
// deliver and, when that has returned nil, the event counts as delivered. It calls deliver
// for the events of one entity in their order, one after the other, and for up to
// DeliverOptions.AtOnce entities at a time. name is for errors.
//
// The saved position never passes an event that is neither delivered nor parked. After a
// crash Deliver delivers again from there, also events that were delivered: deliver should
// pass on the event's id, by which the receiver can notice them.
//
// Deliver returns as Run does, once every call of deliver has returned; the context of those
// ends with an error too. A reader of another process can show an event that its writer then
// fails to write, see host.Follower; a *host.Store shows only committed events.
func Deliver(ctx context.Context, reader host.FollowReader, types *typed.Types, name string, region host.Region, deliver func(ctx context.Context, e typed.Envelope) error, o DeliverOptions) error {
	if err := checkName(name); err != nil {
		return err
	}
	o = o.withDefaults()
	k := &keeper{checkpoint: o.Checkpoint, region: region, every: saveEvery}
	from, err := k.begin(o.From)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	l := newLanes(ctx, cancel, from, o.AtOnce, func(ctx context.Context, t *task) (retry bool, err error) {
		if t.undecoded != nil {
			return false, giveUp(ctx, name, o.Park, &t.e, 0, t.undecoded)
		}
		t.tries++
		err = call(func() error { return deliver(ctx, t.e) })
		switch {
		case err == nil:
			return false, nil
		case ctx.Err() != nil:
			return false, context.Cause(ctx)
		case after(err) == again && !o.Retry.last(t.tries):
			return true, nil
		}
		return false, giveUp(ctx, name, o.Park, &t.e, t.tries, err)
	})
	l.exited = func(t *task) error { return newEventError(name, &t.e, t.tries, &PanicError{}) }
	l.sleep = func(ctx context.Context, t *task) error { return o.Retry.sleep(ctx, o.Retry.pause(t.tries)) }
	saving := make(chan struct{})
	go func() {
		defer close(saving)
		l.keep(k)
	}()

	err = l.read(types, reader, region, from, o.StopAtEnd)
	if !errors.Is(err, errEnd) {
		cancel(err)
	}
	l.workers.Wait()
	if err = context.Cause(ctx); err == nil {
		cancel(errEnd)
	}
	<-saving
	p, _ := l.position()
	return k.end(p, err)
}

// read reads the events until the end, an error or the end of the context.
func (l *lanes) read(types *typed.Types, reader host.FollowReader, region host.Region, from host.Position, stopAtEnd bool) error {
	var f *host.Follower
	f = reader.Follow(region, from, host.FollowOptions{
		Checkpoint: func(p host.Position) error {
			l.pass(p)
			return nil
		},
		CaughtUp: func(p host.Position) error {
			l.pass(p)
			if stopAtEnd && f.Behind() == 0 {
				return errEnd
			}
			return nil
		},
	})
	for full, err := range f.Events(l.ctx) {
		if err != nil && !errors.Is(err, host.ErrErased) {
			return err
		}
		full.Payload = bytes.Clone(full.Payload) // valid until the loop's next step only
		t := &task{}
		t.e, t.undecoded = decode(types, full, err)
		if err := l.add(t, f.Position()); err != nil {
			return err
		}
	}
	return errEnd
}
