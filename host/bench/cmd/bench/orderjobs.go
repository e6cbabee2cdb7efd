package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thawlog/thaw/host/bench/engine/sqlite"
	"github.com/thawlog/thaw/host/bench/orders"
	"github.com/thawlog/thaw/host/bench/orders/all"
	"github.com/thawlog/thaw/host/bench/report"
)

const (
	longOrder  = "long"
	longSKUs   = 20   // of the lines of the long order
	longChunk  = 500  // events that are appended to it at a time, between those of others
	loadPasses = 9    // of which the median counts
	lineCents  = 1000 // of every line
)

// loadOrder writes one long order, between shorter ones, and measures loading it in a
// service that was opened again; then how long the totals take to catch up with all events.
func loadOrder(j *job) (o outcome, err error) {
	err = withService(j, func(ctx context.Context, s orders.Service) error { return writeOrders(ctx, s, j.Orders) })
	if err != nil {
		return o, err
	}
	o.Warm = map[string]float64{}
	err = withService(j, func(ctx context.Context, s orders.Service) error {
		var took []float64
		for range loadPasses {
			started := time.Now()
			order, version, err := s.Load(ctx, longOrder)
			took = append(took, float64(time.Since(started).Nanoseconds()))
			if err != nil {
				return err
			}
			if want := int64(j.Orders.Long-1) * lineCents; version != uint64(j.Orders.Long) || order.Cents() != want {
				return fmt.Errorf("loaded version %d, %d cents, not %d, %d", version, order.Cents(), j.Orders.Long, want)
			}
		}
		o.Warm["load"] = report.Median(took)
		if !sqlite.Available && j.Engine == subject {
			return nil // its totals need SQLite
		}
		started := time.Now()
		if err := s.Project(ctx); err != nil {
			return err
		}
		events := j.Orders.Long + j.Orders.Orders*j.Orders.Events
		o.Warm["totals"] = float64(events) / time.Since(started).Seconds()
		total, err := s.Total(ctx, "customer")
		if err == nil && total.Orders != int64(1+j.Orders.Orders) {
			err = fmt.Errorf("the totals have %d orders, not %d", total.Orders, 1+j.Orders.Orders)
		}
		return err
	})
	return o, err
}

func writeOrders(ctx context.Context, s orders.Service, c orderCounts) error {
	chunks := (c.Long + longChunk - 1) / longChunk
	other := 0
	for chunk := range chunks {
		from := chunk * longChunk
		if err := s.Append(ctx, longOrder, uint64(from), orderEvents(from, min(c.Long, from+longChunk))...); err != nil {
			return err
		}
		for ; other < c.Orders*(chunk+1)/chunks; other++ {
			if err := s.Append(ctx, fmt.Sprintf("other-%d", other), 0, orderEvents(0, c.Events)...); err != nil {
				return err
			}
		}
	}
	return nil
}

// orderEvents returns some events of one order: that it is placed, and then lines.
func orderEvents(from, to int) (events []any) {
	for i := from; i < to; i++ {
		if i == 0 {
			events = append(events, orders.Placed{Customer: "customer"})
		} else {
			events = append(events, orderLine(i))
		}
	}
	return events
}

func orderLine(i int) orders.LineAdded {
	return orders.LineAdded{SKU: fmt.Sprintf("article-%d", i%longSKUs), Quantity: 1, Cents: lineCents}
}

// commands measures commands that each add a line to one of many orders. The goroutines
// together do a number of them.
func commands(j *job) (o outcome, err error) {
	c := j.Orders
	name := func(i int) string { return fmt.Sprintf("order-%d", i) }
	err = withService(j, func(ctx context.Context, s orders.Service) error {
		err := inGoroutines(manyGoroutines, c.Orders, func(_ *rand.Rand, i int) error {
			return s.Append(ctx, name(i), 0, orderEvents(0, c.Events)...)
		})
		if err != nil {
			return err
		}
		runtime.GC()
		started := time.Now()
		err = inGoroutines(c.Goroutines, c.Commands, func(r *rand.Rand, i int) error {
			for {
				_, err := s.Do(ctx, name(r.IntN(c.Orders)), "", orders.Add(orderLine(i)))
				if !errors.Is(err, orders.ErrConflict) { // else all tries were in vain
					return err
				}
			}
		})
		o.Warm = map[string]float64{"commands": float64(c.Commands) / time.Since(started).Seconds()}
		return err
	})
	if err != nil {
		return o, err
	}
	return o, withService(j, func(ctx context.Context, s orders.Service) error {
		sum := 0
		for i := range c.Orders {
			_, version, err := s.Load(ctx, name(i))
			if err != nil {
				return err
			}
			sum += int(version)
		}
		if want := c.Orders*c.Events + c.Commands; sum != want {
			return fmt.Errorf("there are %d events, not %d", sum, want)
		}
		return nil
	})
}

// inGoroutines calls f with 0 to n-1. Each goroutine has its own random numbers, the same in
// every process.
func inGoroutines(goroutines, n int, f func(r *rand.Rand, i int) error) error {
	var (
		next atomic.Int64
		wg   sync.WaitGroup
		errs = make([]error, goroutines)
	)
	for g := range goroutines {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(g)))
			for errs[g] == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				errs[g] = f(r, i)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// withService opens the order service of the job, and closes it after f.
func withService(j *job, f func(context.Context, orders.Service) error) error {
	p, ok := all.Named(j.Engine)
	if !ok {
		return fmt.Errorf("%s has no order service", j.Engine)
	}
	s, err := p.Open(j.Dir)
	if err != nil {
		return err
	}
	runtime.GC() // the garbage of what was before
	return errors.Join(f(context.Background(), s), s.Close())
}
