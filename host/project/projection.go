package project

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

// Projection is a read model and its position in a store: a *[MemoryProjection] or an
// *[SQLProjection]. Its methods may be called from any goroutine, during a run too.
type Projection interface {
	// Name is the name that it was made with.
	Name() string
	// Region is the region that it was made with.
	Region() host.Region
	// Status returns how far it is.
	Status() Status
	// Wait returns nil once the read model has the event with a sequence, such as that of a
	// receipt, and every event before it, or has passed over them. If the projection is not
	// in a run yet it waits for one. It fails when ctx ends, and with ErrStopped and the
	// run's error when the run has ended before.
	Wait(ctx context.Context, sequence uint64) error

	base() *progress
	// start prepares a run and returns the position to begin at.
	start(ctx context.Context, store host.FollowReader, l *host.Lineage) (at host.Position, built uint64, err error)
	// takeOver ends other runs of the projection.
	takeOver(ctx context.Context) error
	// take handles one event of the region. refused is the error of its decoding.
	take(ctx context.Context, e *typed.Envelope, refused error, after host.Position) error
	// pass says that every event of the region before a position has been handled.
	pass(at host.Position)
}

// Status is how far a projection is.
type Status struct {
	// Running says whether the projection is in a run of this process.
	Running bool
	// Position is the position of the read model: of an SQL projection, the committed one.
	// It is known from the first run on.
	Position host.Position
	// Behind is the number of sequences between the position and the end of the store, as
	// far as the run knows it.
	Behind uint64
	// Events is the number of events handled since the first run of this process began,
	// those included that were parked.
	Events uint64
	// Rate is the number of events handled per second, over about the last second.
	Rate float64
	// Parked is the number of events that were parked: of an SQL projection the rows in
	// thaw_parked when the run began and those since, otherwise those since the first run.
	Parked uint64
	// Removed is what was removed from the store, below the position and since the read model
	// was built, by a compaction, redaction or salvage. If there is any, the read model may have
	// what a rebuild would lack; of which regions the events were is not known. It is looked up
	// during a run, and remembered after it.
	Removed []host.Removal
	// Err is the error with which the last run ended, nil while one is running.
	Err error
}

// progress is what both sorts of projections have: their name, region and status.
type progress struct {
	name    string
	region  host.Region
	running atomic.Bool

	mu     sync.RWMutex // guards what follows, and the state of a MemoryProjection
	pos    host.Position
	known  uint64        // the end of the store, when it was looked at
	end    func() uint64 // looks at it; nil without a run
	more   chan struct{}
	ran    bool
	err    error
	events uint64
	parked uint64
	rate   rate
	// built is the generation of the store that the read model is of; see builtAt.
	built   uint64
	lineage func() (host.Lineage, error) // nil without a run
	removed []host.Removal               // by the end of the last run
}

// Name returns the name that the projection was made with.
func (p *progress) Name() string { return p.name }

// Region returns the region that the projection was made with.
func (p *progress) Region() host.Region { return p.region }

func (p *progress) base() *progress { return p }

// Status returns how far the projection is.
func (p *progress) Status() Status {
	p.mu.RLock()
	defer p.mu.RUnlock()
	known := max(p.known, p.pos.Sequence)
	if p.end != nil {
		known = max(known, p.end())
	}
	return Status{
		Running: p.running.Load(), Position: p.pos, Behind: known - p.pos.Sequence,
		Events: p.events, Rate: p.rate.at(time.Now(), p.events), Parked: p.parked, Removed: p.removals(), Err: p.err,
	}
}

// Wait implements [Projection].
func (p *progress) Wait(ctx context.Context, sequence uint64) error {
	for {
		more, err := p.waiting(sequence)
		if more == nil {
			return err
		}
		select {
		case <-more:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// waiting returns a channel that is closed when the position moves or the run ends, or nil if
// there is nothing to wait for.
func (p *progress) waiting(sequence uint64) (<-chan struct{}, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.pos.Sequence > sequence:
		return nil, nil
	case p.ran && !p.running.Load():
		return nil, &Error{Projection: p.name, Err: errors.Join(ErrStopped, p.err)}
	case p.more == nil:
		p.more = make(chan struct{})
	}
	return p.more, nil
}

// move moves the position. p.mu must be held.
func (p *progress) move(at host.Position) {
	p.pos = at
	p.wake()
}

func (p *progress) wake() {
	if p.more != nil {
		close(p.more)
		p.more = nil
	}
}

// begun says that a run begins at a position.
func (p *progress) begun(at host.Position) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ran, p.err, p.rate = true, nil, rate{began: time.Now(), events: p.events}
	p.move(at)
}

// ended says that the run has ended.
func (p *progress) ended(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ran, p.err = true, err; p.end != nil {
		p.known, p.end = p.end(), nil
	}
	p.removed, p.lineage = p.removals(), nil
	p.running.Store(false)
	p.wake()
}

// scans says how to look at the end of the store.
func (p *progress) scans(end func() uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end = end
}

// count counts events for the rate.
func (p *progress) count(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rate.look(now, p.events)
}

func (p *progress) refusal(e *typed.Envelope, err error) *EventError {
	return &EventError{Projection: p.name, ID: e.ID, Sequence: e.Sequence, Kind: e.Kind, KindName: e.Name, Entity: e.Entity, Err: err}
}

// rateOver is the time over which events are counted for a rate.
const rateOver = time.Second

// rate counts events over time.
type rate struct {
	began  time.Time // of the count
	events uint64    // at began
	last   float64   // of the count before
}

// look begins another count if this one has taken long enough.
func (r *rate) look(now time.Time, events uint64) {
	if now.Sub(r.began) >= rateOver {
		*r = rate{began: now, events: events, last: r.at(now, events)}
	}
}

// at returns the events per second.
func (r *rate) at(now time.Time, events uint64) float64 {
	took := now.Sub(r.began)
	if r.began.IsZero() || took < rateOver && r.last > 0 {
		return r.last
	}
	return float64(events-r.events) / max(took, time.Millisecond).Seconds()
}

// at returns the position after an event.
func at(store event.ID, e *event.Event) host.Position {
	return host.Position{Store: store, Sequence: e.Sequence + 1}
}
