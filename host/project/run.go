package project

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

// Run keeps projections up to date with a store until ctx ends, and returns its cause, or
// another error: an *[Error], or one of the store. One scan from the earliest of the
// positions serves all; each projection handles the events of its region from its own
// position on, in order. Values have the types of the registry; without one they are host.Raw.
//
// The projections' functions are called by the caller's goroutine, and none is left when
// Run returns. A transaction that is open then is rolled back, and its events are handled by
// the next run. If one projection fails the run ends for all; their positions remain right.
func Run(ctx context.Context, store host.FollowReader, types *typed.Types, projections ...Projection) error {
	return run(ctx, store, types, projections, false)
}

// CatchUp is Run up to the end that the store has when it begins.
func CatchUp(ctx context.Context, store host.FollowReader, types *typed.Types, projections ...Projection) error {
	return run(ctx, store, types, projections, true)
}

func run(ctx context.Context, store host.FollowReader, types *typed.Types, projections []Projection, once bool) (err error) {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if err := checkNames(projections); err != nil {
		return err
	}
	for i, p := range projections {
		if !p.base().running.CompareAndSwap(false, true) {
			for _, before := range projections[:i] {
				before.base().running.Store(false)
			}
			return &Error{Projection: p.Name(), Err: ErrRunning}
		}
	}
	ended := errPanicked // unless it returns
	defer func() {
		for _, p := range projections {
			p.base().ended(ended)
		}
	}()
	s := &scan{types: types, once: once}
	defer s.rollback()
	ended = s.run(ctx, store, projections)
	if ended != nil && ctx.Err() != nil && errors.Is(ended, ctx.Err()) {
		ended = context.Cause(ctx)
	}
	return ended
}

var errPanicked = fmt.Errorf("%w: its goroutine panicked or exited", ErrStopped)

// maxName is the length of the longest name, that of the column.
const maxName = 255

func checkNames(projections []Projection) error {
	names := map[string]bool{}
	for _, p := range projections {
		if n := p.Name(); n == "" || len(n) > maxName || names[n] {
			return &Error{Projection: n, Err: ErrName}
		}
		names[p.Name()] = true
	}
	return nil
}

// scan is one run.
type scan struct {
	types    *typed.Types
	once     bool
	members  []*member
	batches  []*batch
	follower *host.Follower
	store    event.ID
	e        typed.Envelope // the event of the moment
	n        int            // events read
}

// member is a projection in a scan.
type member struct {
	Projection
	all bool // every event of the scan is in the region
	has func(*event.Event) bool
	// from is the position to begin at, while the scan has not reached it. After that
	// sequences say nothing: those of an unsealed segment of batpak can change.
	from  host.Position
	ahead bool
}

// tickEvery is the number of events between two looks at the time.
const tickEvery = 64

func (s *scan) run(ctx context.Context, store host.FollowReader, projections []Projection) error {
	from, err := s.begin(ctx, store, projections)
	if err != nil || len(projections) == 0 {
		return err
	}
	region := union(projections)
	for _, m := range s.members {
		m.all = m.Region() == region
		m.ahead = m.from != from
	}
	s.follower = store.Follow(region, from, host.FollowOptions{
		StopAtEnd: s.once,
		CaughtUp:  func(host.Position) error { return s.tick(ctx, time.Now(), true) },
	})
	for e, err := range s.follower.Events(ctx) {
		if err != nil {
			return err
		}
		s.e.Full = e
		if err := s.event(ctx); err != nil {
			return err
		}
	}
	return s.finish(ctx)
}

// begin starts the projections and returns the earliest position.
func (s *scan) begin(ctx context.Context, store host.FollowReader, projections []Projection) (from host.Position, err error) {
	for i, p := range projections {
		at, err := p.start(ctx, store)
		if err != nil {
			return from, &Error{Projection: p.Name(), Err: err}
		}
		p.base().begun(at)
		m := &member{Projection: p, from: at}
		core := p.Region().Core()
		m.has = core.Has
		s.members = append(s.members, m)
		if q, ok := p.(*SQLProjection); ok {
			s.join(q)
		}
		if i == 0 || at.Sequence < from.Sequence {
			from = at
		}
	}
	return from, nil
}

// join gives a projection the batch of its database.
func (s *scan) join(p *SQLProjection) {
	for _, b := range s.batches {
		if b.db == p.db {
			b.projections = append(b.projections, p)
			p.batch = b
			return
		}
	}
	p.batch = &batch{db: p.db, projections: []*SQLProjection{p}}
	s.batches = append(s.batches, p.batch)
}

// end checks that a position is one of the store, and returns the store's end.
func end(ctx context.Context, store host.FollowReader, at host.Position) (host.Position, error) {
	f := store.Follow(host.Region{Kinds: event.AnyOf()}, at, host.FollowOptions{WithoutPayloads: true, StopAtEnd: true})
	for _, err := range f.Events(ctx) {
		return host.Position{}, err
	}
	return f.Position(), nil
}

// event gives an event to the projections that want it. It is decoded once, and not at all if
// no projection wants it.
func (s *scan) event(ctx context.Context) error {
	e := &s.e
	var refused error
	decoded := false
	for _, m := range s.members {
		if m.ahead && e.Sequence < m.from.Sequence {
			continue
		}
		m.ahead = false
		if !m.all && !m.has(&e.Full.Event) {
			continue
		}
		if !decoded {
			decoded = true
			*e, refused = s.types.Decode(e.Full)
			if s.store.IsZero() {
				s.store = s.follower.Position().Store
			}
		}
		if err := m.take(ctx, e, refused, at(s.store, &e.Full.Event)); err != nil {
			return named(ctx, m, err)
		}
	}
	if s.n++; s.n%tickEvery == 0 {
		return s.tick(ctx, time.Now(), false)
	}
	for _, b := range s.batches {
		if b.tx != nil && (b.full || b.old(time.Now())) {
			return s.tick(ctx, time.Now(), true)
		}
	}
	return nil
}

// tick says where the scan is, and commits the transactions that are full or old, or with
// flush all that are open. Every event that was read has been handled.
func (s *scan) tick(ctx context.Context, now time.Time, flush bool) error {
	at := s.follower.Position()
	s.pass(at, now)
	for _, b := range s.batches {
		if flush || b.tx == nil || b.full || b.old(now) {
			if err := b.commit(ctx, now, false); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *scan) pass(at host.Position, now time.Time) {
	known := at.Sequence + s.follower.Behind()
	for _, m := range s.members {
		if m.ahead && at.Sequence < m.from.Sequence {
			continue
		}
		m.ahead = false
		m.pass(at)
		m.base().saw(now, known)
	}
}

// finish saves all positions.
func (s *scan) finish(ctx context.Context) error {
	now := time.Now()
	s.pass(s.follower.Position(), now)
	for _, b := range s.batches {
		if err := b.commit(ctx, now, true); err != nil {
			return err
		}
	}
	return nil
}

func (s *scan) rollback() {
	for _, b := range s.batches {
		b.rollback()
	}
}

// named adds the projection's name to an error that does not have it.
func named(ctx context.Context, m *member, err error) error {
	var refused *EventError
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) || errors.As(err, &refused) {
		return err
	}
	return &Error{Projection: m.Name(), Err: err}
}
