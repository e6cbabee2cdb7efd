package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thawlog/thaw/host/bench/engine"
	"github.com/thawlog/thaw/host/bench/workload"
)

const (
	batchSize  = 1000
	goroutines = 64
)

// load writes a whole store, batch by batch. Generating the events is not timed.
func load(j *job) (o outcome, err error) {
	w, err := create(j)
	if err != nil {
		return o, err
	}
	at := map[uint64]int{}
	for i, s := range j.Sequences {
		at[s] = i
	}
	o.IDs = make([]string, len(j.Sequences))
	g := workload.New(j.Spec)
	events := make([]engine.Event, batchSize)
	for {
		batch := events[:g.Next(events)]
		if len(batch) == 0 {
			break
		}
		started := time.Now()
		if err := w.AppendBatch(batch); err != nil {
			return o, errors.Join(err, w.Close())
		}
		o.WriteNS += time.Since(started).Nanoseconds()
		for i := range batch {
			if k, ok := at[batch[i].Sequence]; ok {
				o.IDs[k] = hex.EncodeToString(batch[i].ID[:])
			}
		}
	}
	return o, closeTimed(w, &o)
}

func create(j *job) (engine.Writer, error) {
	e, err := named(j.Engine)
	if err != nil {
		return nil, err
	}
	return e.Create(j.Dir)
}

func closeTimed(w engine.Writer, o *outcome) error {
	o.RSS = peakRSS()
	started := time.Now()
	err := w.Close()
	o.CloseNS = time.Since(started).Nanoseconds()
	return err
}

// appendBatches appends batches of 1,000, each on disk before the next starts.
func appendBatches(j *job) (outcome, error) {
	return appendTimed(j, func(w engine.Writer, events []engine.Event) error {
		for len(events) > 0 {
			n := min(batchSize, len(events))
			if err := w.AppendBatch(events[:n]); err != nil {
				return err
			}
			events = events[n:]
		}
		return nil
	})
}

// appendSingly appends events one by one from 64 goroutines; each waits until its event is
// on disk before it appends the next.
func appendSingly(j *job) (outcome, error) {
	return appendTimed(j, func(w engine.Writer, events []engine.Event) error {
		var (
			next atomic.Int64
			wg   sync.WaitGroup
			errs = make([]error, goroutines)
		)
		for g := range goroutines {
			wg.Go(func() {
				for errs[g] == nil {
					i := int(next.Add(1)) - 1
					if i >= len(events) {
						return
					}
					errs[g] = w.Append(&events[i])
				}
			})
		}
		wg.Wait()
		return errors.Join(errs...)
	})
}

// appendTimed generates all events, times their appends, and checks that they are there.
func appendTimed(j *job, write func(engine.Writer, []engine.Event) error) (o outcome, err error) {
	events := make([]engine.Event, j.Spec.N)
	workload.New(j.Spec).Next(events)
	w, err := create(j)
	if err != nil {
		return o, err
	}
	runtime.GC() // the garbage of generating the events
	started := time.Now()
	err = write(w, events)
	o.WriteNS = time.Since(started).Nanoseconds()
	if err = errors.Join(err, closeTimed(w, &o)); err != nil {
		return o, err
	}
	return o, isThere(j)
}

// isThere opens the store and checks that it has exactly the appended events, and that the
// hits of a scope are correct. After appendSingly it checks only their number, since the
// order of the goroutines varies.
func isThere(j *job) error {
	e, err := named(j.Engine)
	if err != nil {
		return err
	}
	r, err := e.Open(j.Dir)
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := r.BySequence(j.Spec.N - 1); err != nil {
		return err
	}
	if _, err := r.BySequence(j.Spec.N); err == nil {
		return fmt.Errorf("there are more than %d events", j.Spec.N)
	}
	var hits []uint64
	if err := r.Scope(j.Scope.Name, func(e engine.Event) { hits = append(hits, e.Sequence) }); err != nil {
		return err
	}
	got := workload.AnswerOf(hits)
	if got.Hits != j.Scope.Hits || j.Do == "batches" && got != j.Scope.Answer {
		return fmt.Errorf("appended, scope %s: %v, not %v", j.Scope.Name, got, j.Scope.Answer)
	}
	return nil
}
