package main

import (
	"context"
	"sync"

	"github.com/thawlog/thaw/host/bench/writers"
	"github.com/thawlog/thaw/host/bench/writers/badger"
	"github.com/thawlog/thaw/host/bench/writers/bbolt"
	"github.com/thawlog/thaw/host/bench/writers/sqlite"
	"github.com/thawlog/thaw/host/bench/writers/thaw"
)

type engine = writers.Engine

// engines in the order in which they take turns.
var engines = []engine{badger.Engine, bbolt.Engine, sqlite.Engine, thaw.Engine}

// What the ratios are about.
const (
	subject   = "thaw"
	reference = "badger"
)

const (
	batchSize  = 1000
	goroutines = 64
)

// testCase is one way to write.
type testCase struct {
	name   string
	what   string
	synced bool
	events func(o options) int
	write  func(ctx context.Context, w writers.Writer, events []writers.Event) error
}

var cases = []testCase{
	{
		name: "batch", what: "batches of 1,000, each on disk before the next", synced: true,
		events: func(o options) int { return o.events }, write: writeBatches,
	},
	{
		name: "together", what: "64 goroutines, each event on disk before its goroutine's next", synced: true,
		events: func(o options) int { return o.singles }, write: writeTogether,
	},
	{
		name: "unsynced", what: "one goroutine, event by event, without syncs",
		events: func(o options) int { return o.singles }, write: writeSingly,
	},
}

func writeBatches(ctx context.Context, w writers.Writer, events []writers.Event) error {
	for len(events) > 0 {
		n := min(batchSize, len(events))
		if err := w.Batch(ctx, events[:n]); err != nil {
			return err
		}
		events = events[n:]
	}
	return nil
}

func writeTogether(ctx context.Context, w writers.Writer, events []writers.Event) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := g; i < len(events) && ctx.Err() == nil; i += goroutines {
				if err := w.One(ctx, &events[i]); err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

func writeSingly(ctx context.Context, w writers.Writer, events []writers.Event) error {
	for i := range events {
		if err := w.One(ctx, &events[i]); err != nil {
			return err
		}
	}
	return nil
}
