package main

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/thawlog/thaw/host/bench/engine"
	"github.com/thawlog/thaw/host/bench/report"
)

// first opens the store and asks at most one question. The process has done nothing before,
// and does not call the garbage collector.
func first(j *job) (o outcome, err error) {
	e, err := named(j.Engine)
	if err != nil {
		return o, err
	}
	var a *asked
	if len(j.Asks) > 0 {
		if a, err = j.Asks[0].ready(); err != nil {
			return o, err
		}
	}
	started := time.Now()
	r, err := e.Open(j.Dir)
	if err != nil {
		return o, err
	}
	o.OpenNS = time.Since(started).Nanoseconds()
	if a != nil {
		started = time.Now()
		err = a.put(r)
		o.AskNS = time.Since(started).Nanoseconds()
	}
	o.RSS = peakRSS()
	if a != nil && err == nil {
		err = a.check()
	}
	return o, errors.Join(err, r.Close())
}

// idle does nothing. Most of its memory is the code of this program, which includes every
// engine.
func idle(*job) (outcome, error) { return outcome{RSS: peakRSS()}, nil }

// heap measures the growth of the Go heap by an open store, between two collections. It
// excludes memory outside the heap, such as SQLite's cache and mapped files.
func heap(j *job) (o outcome, err error) {
	e, err := named(j.Engine)
	if err != nil {
		return o, err
	}
	before := liveHeap()
	r, err := e.Open(j.Dir)
	if err != nil {
		return o, err
	}
	o.Heap = max(liveHeap()-before, 0)
	return o, r.Close()
}

func liveHeap() int64 {
	runtime.GC()
	runtime.GC() // free the memory of finalizers and pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// warmRepeats is the number of repetitions per pass of a question that is alone in its
// kind.
const warmRepeats = 5

// warmPasses is the number of passes over all questions of a kind. In the second pass files
// have been read but, in some engines, parts of mappings not yet touched; after the third
// nothing changes.
const warmPasses = 4

// again names the second pass in the results; the last pass has no name.
const again = "again "

// warm asks every question several times, and returns the median of each kind in the second
// and in the last pass.
func warm(j *job) (o outcome, err error) {
	e, err := named(j.Engine)
	if err != nil {
		return o, err
	}
	r, err := e.Open(j.Dir)
	if err != nil {
		return o, err
	}
	o.Warm = map[string]float64{}
	for _, what := range kinds {
		passes, err := warmOf(r, j.Asks, what)
		if err != nil {
			return o, errors.Join(err, r.Close())
		}
		o.Warm[again+what], o.Warm[what] = passes[1], passes[warmPasses-1]
	}
	o.RSS = peakRSS()
	return o, r.Close()
}

// warmOf returns the median of each pass, in ns.
func warmOf(r engine.Reader, asks []ask, what string) (medians [warmPasses]float64, err error) {
	var ready []*asked
	for _, a := range asks {
		if a.What != what {
			continue
		}
		one, err := a.ready()
		if err != nil {
			return medians, err
		}
		ready = append(ready, one)
	}
	if len(ready) == 0 {
		return medians, fmt.Errorf("nothing to ask by %s", what)
	}
	if len(ready) == 1 {
		for range warmRepeats - 1 {
			ready = append(ready, ready[0])
		}
	}
	for pass := range medians {
		var took []float64
		for _, a := range ready {
			started := time.Now()
			err := a.put(r)
			elapsed := time.Since(started)
			if err = errors.Join(err, a.check()); err != nil {
				return medians, err
			}
			took = append(took, float64(elapsed.Nanoseconds()))
		}
		medians[pass] = report.Median(took)
	}
	return medians, nil
}
