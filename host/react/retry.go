package react

import (
	"context"
	"math/rand/v2"
	"time"
)

// Retry says how often an event that failed is tried again, and after which pauses. The zero
// value is useful.
type Retry struct {
	// Tries bounds the tries for one event, the first one included, by default 8 for Run, whose
	// pauses are then 0.6 to 1.3 s in all, and 26 for Deliver, whose pauses are 80 to 160 s in
	// all. Below 0 there is no bound.
	Tries int
	// Pause is the first pause, by default 10 ms. Each one is twice as long as the one before,
	// up to MaxPause, by default 10 s. Up to half of a pause is left out at random.
	Pause, MaxPause time.Duration

	sleep func(ctx context.Context, d time.Duration) error // set by tests
}

// The pauses of Deliver are 10 ms to 5.12 s, and 15 times 10 s.
const (
	runTries     = 8
	deliverTries = 26
)

func (r Retry) withDefaults(tries int) Retry {
	if r.Tries == 0 {
		r.Tries = tries
	}
	if r.Pause <= 0 {
		r.Pause = 10 * time.Millisecond
	}
	if r.MaxPause <= 0 {
		r.MaxPause = 10 * time.Second
	}
	if r.sleep == nil {
		r.sleep = sleep
	}
	return r
}

// last reports whether a try was the last one. The first try is 1.
func (r *Retry) last(try int) bool { return r.Tries > 0 && try >= r.Tries }

// pause returns the pause after a try.
func (r *Retry) pause(try int) time.Duration {
	d := min(r.Pause, r.MaxPause)
	for i := 1; i < try && d < r.MaxPause; i++ {
		d = min(2*d, r.MaxPause)
	}
	return d - time.Duration(rand.Int64N(int64(d)/2+1))
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
