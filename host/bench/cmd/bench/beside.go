package main

import (
	"time"

	"github.com/thawlog/thaw/host/bench/engine"
	"github.com/thawlog/thaw/host/bench/workload"
)

// beside is a goroutine that appends single events with pauses between them.
type beside struct {
	ended  chan struct{} // closed by stop
	counts chan int
	done   chan struct{} // closed at its end
	all    []timedAppend
	err    error
}

type timedAppend struct {
	at   time.Time
	took time.Duration
}

func appendBeside(w engine.Writer, s workload.Spec) *beside {
	b := &beside{ended: make(chan struct{}), counts: make(chan int, 1), done: make(chan struct{})}
	go func() {
		defer close(b.done)
		events := make([]engine.Event, 1)
		for g := workload.New(s); g.Next(events) == 1; {
			events[0].Correlation, events[0].Causation = engine.ID{}, engine.ID{} // of ids that thaw gave others
			a := timedAppend{at: time.Now()}
			if b.err = w.Append(&events[0]); b.err != nil {
				return
			}
			a.took = time.Since(a.at)
			b.all = append(b.all, a)
			select {
			case <-b.counts:
			default:
			}
			b.counts <- len(b.all)
			select {
			case <-b.ended:
				return
			case <-time.After(besidePause):
			}
		}
	}()
	return b
}

// wait waits until n events are appended, or an append has failed.
func (b *beside) wait(n int) {
	for {
		select {
		case count := <-b.counts:
			if count >= n {
				return
			}
		case <-b.done:
			return
		}
	}
}

// stop ends the goroutine and returns its appends.
func (b *beside) stop() ([]timedAppend, error) {
	select {
	case <-b.ended:
	default:
		close(b.ended)
	}
	<-b.done
	return b.all, b.err
}

// besides stops the appends, and adds the percentiles of those that ended before the timed work
// began, and of those that began while it lasted.
func (o *outcome) besides(b *beside, started time.Time, without, with string) error {
	all, err := b.stop()
	var before, meanwhile []float64
	for _, a := range all {
		if a.at.Add(a.took).Before(started) {
			before = append(before, float64(a.took))
		} else if a.at.Before(started.Add(time.Duration(o.TookNS))) {
			meanwhile = append(meanwhile, float64(a.took))
		}
	}
	o.Warm = map[string]float64{}
	addPercentiles(o.Warm, without, before)
	addPercentiles(o.Warm, with, meanwhile)
	return err
}
