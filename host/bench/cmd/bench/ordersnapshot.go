package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/aggregate"
	"github.com/thawlog/thaw/host/bench/orders"
	"github.com/thawlog/thaw/host/bench/orders/thaw"
	"github.com/thawlog/thaw/host/bench/report"
)

// loadSnapshot is loadOrder with a snapshot of the long order in a file.
func loadSnapshot(j *job) (o outcome, err error) {
	err = withService(j, func(ctx context.Context, s orders.Service) error { return writeOrders(ctx, s, j.Orders) })
	if err != nil {
		return o, err
	}
	ctx := context.Background()
	st, err := host.Open(ctx, j.Dir, host.Options{Logger: quiet})
	if err != nil {
		return o, err
	}
	took, err := fromSnapshot(ctx, st, j)
	o.Warm = map[string]float64{"snapshot": report.Median(took)}
	return o, errors.Join(err, st.Close())
}

// fromSnapshot makes the snapshot and returns the times of loads from it.
func fromSnapshot(ctx context.Context, st *host.Store, j *job) (took []float64, err error) {
	a := aggregate.Of[thaw.Order](st, thaw.Types, thaw.Prefix, aggregate.Snapshots(aggregate.SnapshotOptions{
		Cache: aggregate.FileSnapshots{Dir: filepath.Join(j.Dir, "snapshots")}, Every: min(longChunk, j.Orders.Long),
	}))
	defer a.Close()
	if err := a.Snapshot(ctx, longOrder); err != nil {
		return nil, err
	}
	runtime.GC()
	for range loadPasses {
		started := time.Now()
		l, err := a.Load(ctx, longOrder)
		took = append(took, float64(time.Since(started).Nanoseconds()))
		if err != nil {
			return nil, err
		}
		if want := int64(j.Orders.Long-1) * lineCents; l.State.Cents() != want || l.Folded != 0 {
			return nil, fmt.Errorf("loaded %d cents, %d events folded, not %d, 0: %w", l.State.Cents(), l.Folded, want, a.SnapshotStatus().Err)
		}
	}
	return took, nil
}
