package project

import (
	"context"
	"errors"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

// scan is one run.
type scan struct {
	members []*member
	batches []*batch
	feed    *feed
	moved   chan struct{} // gets a value when the row of a member has perhaps changed
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
	built uint64 // generation of the store
}

// reached reports whether the scan has reached the position of the projection.
func (m *member) reached(sequence uint64) bool {
	m.ahead = m.ahead && sequence < m.from.Sequence
	return !m.ahead
}

func (s *scan) run(ctx context.Context, store host.FollowReader, types *typed.Types, projections []Projection, once bool) error {
	from, err := s.begin(ctx, store, projections)
	if err != nil || len(projections) == 0 {
		return err
	}
	region := union(projections)
	for _, m := range s.members {
		m.all = m.Region() == region
		m.ahead = m.from != from
	}
	s.feed = newFeed(store, types, region, from, s.wanted, once)
	for _, m := range s.members {
		m.base().scans(s.feed.known)
	}
	feeding, cancel := context.WithCancelCause(ctx)
	defer s.feed.wait()
	defer cancel(ErrStopped)
	s.feed.start(feeding)
	for {
		select {
		case c, ok := <-s.feed.ready:
			if !ok {
				if err := s.feed.ended; err != nil {
					return err
				}
				return s.finish(ctx)
			}
			if err := s.chunk(ctx, c); err != nil {
				return err
			}
		case <-s.oldest():
			if err := s.commitOld(ctx, time.Now()); err != nil {
				return err
			}
		case <-s.moved:
			if err := s.current(ctx); err != nil {
				return err
			}
		}
	}
}

// current returns an error if another run or a rebuild has moved a projection.
func (s *scan) current(ctx context.Context) error {
	for _, b := range s.batches {
		for _, p := range b.projections {
			if err := p.current(ctx); err != nil {
				return &Error{Projection: p.name, Err: err}
			}
		}
	}
	return nil
}

// oldest returns a channel that gets a value when the transaction that is open has its time,
// nil if none is open.
func (s *scan) oldest() <-chan time.Time {
	var until time.Time
	for _, b := range s.batches {
		if b.tx == nil {
			continue
		}
		if t := b.began.Add(b.longest()); until.IsZero() || t.Before(until) {
			until = t
		}
	}
	if until.IsZero() {
		return nil
	}
	return time.After(time.Until(until))
}

// old reports whether a transaction is full or has its time.
func (s *scan) old() bool {
	for _, b := range s.batches {
		if b.old() {
			return true
		}
	}
	return false
}

// commitOld commits the transactions that are full or have their time. Every event before the
// positions that the projections have been told was handled.
func (s *scan) commitOld(ctx context.Context, now time.Time) error {
	for _, b := range s.batches {
		if b.old() {
			if err := b.commit(ctx, now, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// wanted reports whether a projection may want an event. The feed calls it from its own
// goroutine.
func (s *scan) wanted(e *event.Event) bool {
	for _, m := range s.members {
		if m.all || m.has(e) {
			return true
		}
	}
	return false
}

// begin starts the projections and returns the earliest position. Only when all can run are
// they taken over from other runs.
func (s *scan) begin(ctx context.Context, store host.FollowReader, projections []Projection) (from host.Position, err error) {
	l, err := lineageOf(ctx, store)
	if err != nil {
		return from, err
	}
	for i, p := range projections {
		at, built, err := p.start(ctx, store, &l)
		if err != nil {
			return from, &Error{Projection: p.Name(), Err: err}
		}
		m := &member{Projection: p, from: at, built: built}
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
	for _, m := range s.members {
		if err := m.takeOver(ctx); err != nil {
			return from, &Error{Projection: m.Name(), Err: err}
		}
		m.base().begun(m.from)
		m.base().watch(m.built, func() (host.Lineage, error) { return lineageOf(context.WithoutCancel(ctx), store) })
	}
	return from, nil
}

// join gives a projection the batch of its database.
func (s *scan) join(p *SQLProjection) {
	p.listen(s.moved)
	for _, b := range s.batches {
		if b.db == p.db {
			b.projections = append(b.projections, p)
			p.batch = b
			return
		}
	}
	p.batch = &batch{db: p.db, projections: []*SQLProjection{p}}
	if p.within != nil {
		p.batch.tx, p.batch.within, p.batch.began = p.within, true, time.Now()
	}
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

// chunk handles the events of a chunk.
func (s *scan) chunk(ctx context.Context, c *chunk) error {
	defer s.feed.giveBack(c)
	for i := range c.events {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		e := &c.events[i]
		after := at(c.at.Store, &e.Full.Event)
		if err := s.event(ctx, e, c.refused[i], after); err != nil {
			return err
		}
		if s.old() {
			now := time.Now()
			s.pass(after, now)
			if err := s.commitOld(ctx, now); err != nil {
				return err
			}
		}
	}
	now := time.Now()
	s.pass(c.at, now)
	// With more to read already, a transaction goes on.
	flush := c.caughtUp && !s.feed.more()
	for _, b := range s.batches {
		if flush || b.tx == nil {
			if err := b.commit(ctx, now, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// event gives an event to the projections that want it.
func (s *scan) event(ctx context.Context, e *typed.Envelope, refused error, after host.Position) error {
	for _, m := range s.members {
		if !m.reached(e.Sequence) || !m.all && !m.has(&e.Full.Event) {
			continue
		}
		if err := m.take(ctx, e, refused, after); err != nil {
			return named(ctx, m, err)
		}
	}
	return nil
}

// pass says where the scan is: every event before the position has been handled.
func (s *scan) pass(at host.Position, now time.Time) {
	for _, m := range s.members {
		if m.reached(at.Sequence) {
			m.pass(at)
			m.base().count(now)
		}
	}
}

// finish saves all positions.
func (s *scan) finish(ctx context.Context) error {
	now := time.Now()
	for _, b := range s.batches {
		if err := b.commit(ctx, now, true); err != nil {
			return err
		}
	}
	return nil
}

// close ends what begin has begun.
func (s *scan) close() {
	for _, b := range s.batches {
		b.rollback()
		for _, p := range b.projections {
			p.unlisten(s.moved)
		}
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
