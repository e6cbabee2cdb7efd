package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/bench/report"
	"github.com/thawlog/thaw/host/payload"
)

// The measurements of a follower, in ns: medians and 99th percentiles of the time from the
// start of an append to the event in the follower's loop, and the share of a core in parts
// of a billion.
const (
	latency50 = "p50"
	latency99 = "p99"
	idleShare = "idle"
)

const (
	followEvents   = 2000 // at most
	followPause    = time.Millisecond
	idleTime       = 2 * time.Second
	settleTime     = 500 * time.Millisecond
	followedEntity = "sensor:1"
)

var followedAt = event.At(followedEntity, "plant")

// follow measures a follower in the process of the writer. The appends are not synced.
func follow(j *job) (outcome, error) {
	ctx := context.Background()
	st, err := unsyncedStore(j.Dir)
	if err != nil {
		return outcome{}, err
	}
	followed := make(chan result, 1)
	go func() {
		followed <- latencies(ctx, st.Follow(host.Region{}, host.Position{}, host.FollowOptions{}), j.events())
	}()
	err = paced(ctx, st, j.events())
	if err != nil {
		return outcome{}, err
	}
	r := <-followed
	return r.outcome, errors.Join(r.err, st.Close())
}

// followOther is follow with the follower in another process, which first waits a while.
func followOther(j *job) (outcome, error) {
	ctx := context.Background()
	st, err := unsyncedStore(j.Dir)
	if err != nil {
		return outcome{}, err
	}
	followed := make(chan result, 1)
	go func() {
		o, err := measure(ctx, job{Do: "followed", Engine: j.Engine, Dir: j.Dir, Spec: j.Spec})
		followed <- result{outcome: o, err: err}
	}()
	time.Sleep(settleTime) // until the follower waits
	if _, err := st.Append(ctx, followedAt, event.Data, time.Now().UnixNano()); err != nil {
		return outcome{}, err
	}
	time.Sleep(idleTime)
	if err := paced(ctx, st, j.events()); err != nil {
		return outcome{}, err
	}
	r := <-followed
	return r.outcome, errors.Join(r.err, st.Close())
}

// followed is the process of the follower.
func followed(j *job) (o outcome, err error) {
	ctx := context.Background()
	r, err := host.OpenReader(ctx, j.Dir, host.ReaderOptions{Logger: quiet})
	if err != nil {
		return o, err
	}
	defer r.Close()
	end, err := r.Position(ctx)
	if err != nil {
		return o, err
	}
	f := r.Follow(host.Region{}, end, host.FollowOptions{})
	for _, err := range f.Events(ctx) { // the event before the idle time
		if err != nil {
			return o, err
		}
		break
	}
	cpu, started := cpuTime(), time.Now()
	time.AfterFunc(idleTime/2, func() {
		o.Warm = map[string]float64{idleShare: float64(cpuTime()-cpu) / float64(time.Since(started)) * 1e9}
	})
	got := latencies(ctx, f, j.events())
	if got.err == nil {
		got.outcome.Warm[idleShare] = o.Warm[idleShare]
	}
	return got.outcome, got.err
}

type result struct {
	outcome
	err error
}

// events returns the number of events to follow.
func (j *job) events() int { return int(min(j.Spec.N, followEvents)) }

// latencies follows until it has seen n events.
func latencies(ctx context.Context, f *host.Follower, n int) (r result) {
	var took []float64
	for e, err := range f.Events(ctx) {
		if err != nil {
			return result{err: err}
		}
		now := time.Now().UnixNano()
		var sent int64
		if err := payload.Unmarshal(e.Payload, &sent); err != nil {
			return result{err: err}
		}
		if took = append(took, float64(now-sent)); len(took) == n {
			break
		}
	}
	slices.Sort(took)
	r.Warm = map[string]float64{latency50: report.Median(took), latency99: took[len(took)*99/100]}
	return r
}

// paced appends n events, each with the time of its append.
func paced(ctx context.Context, st *host.Store, n int) error {
	for range n {
		time.Sleep(followPause)
		if _, err := st.Append(ctx, followedAt, event.Data, time.Now().UnixNano()); err != nil {
			return err
		}
	}
	return nil
}

func unsyncedStore(dir string) (*host.Store, error) {
	st, err := host.Open(context.Background(), dir, host.Options{Durability: host.LoseUnsynced, Logger: quiet})
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s: not empty: %w", dir, err)
	}
	return st, err
}
