package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/bench/orders"
	"github.com/thawlog/thaw/host/bench/orders/thaw"
	"github.com/thawlog/thaw/host/bench/report"
)

// clerk is what the gates know of an actor.
type clerk struct {
	cents    int64
	from, to int // hours
}

var (
	errNotClerk = errors.New("bench: the actor is no clerk")
	errKind     = errors.New("bench: a clerk only adds lines")
	errLimit    = errors.New("bench: above the clerk's limit")
	errHours    = errors.New("bench: outside the clerk's hours")
)

// threeGates are rules as applications have them.
var threeGates = gate.Set(
	gate.New("kind", func(p *gate.Proposal) error {
		if _, ok := p.Value.(orders.LineAdded); !ok {
			return errKind
		}
		return nil
	}),
	gate.New("limit", func(p *gate.Proposal) error {
		c, ok := p.Actor.Facts.(*clerk)
		if !ok {
			return errNotClerk
		}
		if line := p.Value.(orders.LineAdded); int64(line.Quantity)*line.Cents > c.cents {
			return errLimit
		}
		return nil
	}),
	gate.New("hours", func(p *gate.Proposal) error {
		c := p.Actor.Facts.(*clerk)
		if hour := int(p.NowUS / 3_600_000_000 % 24); hour < c.from || hour >= c.to {
			return errHours
		}
		return nil
	}),
)

const (
	gateRounds   = 20
	gateEntities = 1000
)

// appender is what a store and one that acts for somebody have in common.
type appender interface {
	Append(ctx context.Context, at event.Coordinate, kind event.Kind, value any, options ...host.AppendOption) (host.Receipt, error)
}

// judged measures appends that are not synced, to a store without a policy and to one whose
// policy has three gates, in turns: the median time of an append, and the mean number of
// allocations.
func judged(j *job) (o outcome, err error) {
	free, err := unsyncedStore(filepath.Join(j.Dir, "free"))
	if err != nil {
		return o, err
	}
	strict, err := host.Open(context.Background(), filepath.Join(j.Dir, "strict"),
		host.Options{Durability: host.LoseUnsynced, Logger: quiet, Policy: threeGates})
	if err != nil {
		return o, errors.Join(err, free.Close())
	}
	sides := []struct {
		name   string
		to     appender
		took   []float64
		allocs uint64
	}{
		{name: "free", to: free},
		{name: "judged", to: strict.As(gate.Actor{ID: "user:7", Facts: &clerk{cents: 1_000_000, to: 24}})},
	}
	each := max(j.Orders.Events/gateRounds, 1)
	for round := range gateRounds + 1 {
		for i := range sides {
			s := &sides[i]
			took, allocs, err := appendLines(s.to, each)
			if err != nil {
				return o, errors.Join(err, free.Close(), strict.Close())
			}
			if round > 0 { // the first one fills caches
				s.took, s.allocs = append(s.took, took), s.allocs+allocs
			}
		}
	}
	o.Warm = map[string]float64{}
	for _, s := range sides {
		o.Warm["append "+s.name] = report.Median(s.took)
		o.Warm["allocations "+s.name] = float64(s.allocs) / float64(gateRounds*each)
	}
	want := uint64((gateRounds + 1) * each)
	if free.Committed() != want || strict.Committed() != want {
		err = fmt.Errorf("there are %d and %d events, not %d", free.Committed(), strict.Committed(), want)
	}
	return o, errors.Join(err, free.Close(), strict.Close())
}

// appendLines returns the time of an append and the allocations of all.
func appendLines(to appender, n int) (ns float64, allocs uint64, err error) {
	ctx := context.Background()
	kind, _ := thaw.Types.Kind(orders.LineAdded{})
	at := make([]event.Coordinate, gateEntities)
	for i := range at {
		at[i] = event.At(fmt.Sprintf("%s%d", thaw.Prefix, i), thaw.Scope)
	}
	var value any = orderLine(1)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	started := time.Now()
	for i := range n {
		if _, err := to.Append(ctx, at[i%gateEntities], kind, value); err != nil {
			return 0, 0, err
		}
	}
	took := time.Since(started)
	runtime.ReadMemStats(&after)
	return float64(took.Nanoseconds()) / float64(n), after.Mallocs - before.Mallocs, nil
}
