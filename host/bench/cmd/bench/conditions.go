package main

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/bench/engine"
	"github.com/thawlog/thaw/host/bench/workload"
)

var quiet = slog.New(slog.DiscardHandler)

// neverKind is a kind that no event of a workload has.
const neverKind event.Kind = 0xF001

// conditional appends batches of 1,000, each on disk before the next starts, in which every
// event has a condition: that its entity has got no event of another kind since the batch
// before.
func conditional(j *job) (outcome, error) {
	return appendToThaw(j, host.OnDisk, func(ctx context.Context, st *host.Store, events []engine.Event) error {
		var position host.Position
		items := make([]host.Item, batchSize)
		for len(events) > 0 {
			n := min(batchSize, len(events))
			for i := range n {
				items[i] = itemOf(&events[i])
				items[i].Options = []host.AppendOption{unlessOther(position, &events[i])}
			}
			receipts, err := st.AppendBatch(ctx, items[:n])
			if err != nil {
				return err
			}
			if position.Store.IsZero() {
				position.Store = receipts[0].ID
			}
			position.Sequence = receipts[n-1].Sequence + 1
			events = events[n:]
		}
		return nil
	})
}

// unconditional is conditional without the conditions.
func unconditional(j *job) (outcome, error) {
	return appendToThaw(j, host.OnDisk, func(ctx context.Context, st *host.Store, events []engine.Event) error {
		items := make([]host.Item, batchSize)
		for len(events) > 0 {
			n := min(batchSize, len(events))
			for i := range n {
				items[i] = itemOf(&events[i])
			}
			if _, err := st.AppendBatch(ctx, items[:n]); err != nil {
				return err
			}
			events = events[n:]
		}
		return nil
	})
}

// unsynced appends events one by one from one goroutine, without a sync.
func unsynced(j *job) (outcome, error) {
	return appendToThaw(j, host.LoseUnsynced, func(ctx context.Context, st *host.Store, events []engine.Event) error {
		for i := range events {
			item := itemOf(&events[i])
			if _, err := st.Append(ctx, item.At, item.Kind, item.Payload); err != nil {
				return err
			}
		}
		return nil
	})
}

// unsyncedIf is unsynced with a condition for each event.
func unsyncedIf(j *job) (outcome, error) {
	return appendToThaw(j, host.LoseUnsynced, func(ctx context.Context, st *host.Store, events []engine.Event) error {
		var position host.Position
		for i := range events {
			item := itemOf(&events[i])
			r, err := st.Append(ctx, item.At, item.Kind, item.Payload, unlessOther(position, &events[i]))
			if err != nil {
				return err
			}
			if position.Store.IsZero() {
				position.Store = r.ID
			}
			position.Sequence = r.Sequence + 1
		}
		return nil
	})
}

func unlessOther(p host.Position, e *engine.Event) host.AppendOption {
	return host.Unless(p, host.Region{Entity: e.Entity, Kinds: event.Only(neverKind)})
}

func itemOf(e *engine.Event) host.Item {
	return host.Item{At: event.At(e.Entity, e.Scope), Kind: event.Kind(e.Kind), Payload: host.Raw(e.Payload)}
}

// appendToThaw generates all events, times their appends, and checks that they are there.
func appendToThaw(j *job, d host.Durability, write func(context.Context, *host.Store, []engine.Event) error) (o outcome, err error) {
	ctx := context.Background()
	events := make([]engine.Event, j.Spec.N)
	workload.New(j.Spec).Next(events)
	st, err := host.Open(ctx, j.Dir, host.Options{Durability: d, Logger: quiet})
	if err != nil {
		return o, err
	}
	runtime.GC() // the garbage of generating the events
	started := time.Now()
	err = write(ctx, st, events)
	o.WriteNS = time.Since(started).Nanoseconds()
	if err = errors.Join(err, st.Close()); err != nil {
		return o, err
	}
	return o, isThere(j)
}
