package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/bench/orders"
	"github.com/thawlog/thaw/host/bench/orders/thaw"
	"github.com/thawlog/thaw/host/bench/report"
	"github.com/thawlog/thaw/host/react"
	"github.com/thawlog/thaw/host/typed"
)

// reaction measures the time from the answer to an append, on disk, until the reaction to it
// is on disk; and that of such an append before there is a reactor. Both are medians.
func reaction(j *job) (o outcome, err error) {
	st, err := host.Open(context.Background(), j.Dir, host.Options{Logger: quiet})
	if err != nil {
		return o, err
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	pay := func(i int) (host.Receipt, error) {
		return thaw.Types.Append(ctx, st, event.At(fmt.Sprintf("%s%d", thaw.Prefix, i), thaw.Scope), orders.Paid{Customer: "ada", Cents: 100})
	}
	var alone, reacted []float64
	err = func() error {
		for i := range j.Orders.Events {
			started := time.Now()
			if _, err := pay(i); err != nil {
				return err
			}
			alone = append(alone, float64(time.Since(started).Nanoseconds()))
		}
		end, err := st.Position(ctx)
		if err != nil {
			return err
		}
		go func() { ended <- ship(ctx, st, end) }()
		for i := range j.Orders.Events {
			r, err := pay(i)
			started := time.Now()
			if err == nil {
				_, err = st.WaitCommitted(ctx, r.Sequence+1)
			}
			if err != nil {
				return err
			}
			reacted = append(reacted, float64(time.Since(started).Nanoseconds()))
		}
		if want := uint64(3 * j.Orders.Events); st.Committed() != want {
			return fmt.Errorf("there are %d events, not %d", st.Committed(), want)
		}
		return nil
	}()
	stop()
	if len(reacted) > 0 {
		if reactor := <-ended; !errors.Is(reactor, context.Canceled) {
			err = errors.Join(err, reactor)
		}
	}
	o.Warm = map[string]float64{"durable append": report.Median(alone), "reaction": report.Median(reacted)}
	return o, errors.Join(err, st.Close())
}

// ship is a reactor that ships what is paid, from a position on.
func ship(ctx context.Context, st *host.Store, from host.Position) error {
	kinds, _ := thaw.Types.Kinds("order.paid")
	return react.Run(ctx, st, thaw.Types, "shipping", host.Region{Kinds: kinds},
		func(_ context.Context, e typed.Envelope) ([]react.Reaction, error) {
			return []react.Reaction{{At: e.Coordinate, Value: orders.Shipped{Carrier: "post"}}}, nil
		}, react.Options{From: from})
}
