package project

import (
	"context"
	"runtime/debug"

	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

// MemoryProjection is a read model in memory. Its fields may be set before the first run.
type MemoryProjection[P typed.Folder] struct {
	// Park, if not nil, decides on an event that cannot be handled: true goes on without it,
	// false ends the run. If Apply failed, it must have left the state as it was. Park is
	// called during the run, and must not call methods of the projection. An erased event is
	// one that cannot be handled, unless the state is a [typed.ErasedFolder].
	Park func(*EventError) bool

	progress
	state P
	half  bool // an Apply failed
}

// Memory returns a projection of a region's events into a state, from the beginning of the
// store. During a run only the projection changes the state, and Read reads it. Values of
// events are shared with the other projections of the run: do not change what they refer to.
// A payload, and a host.Raw, is valid until Apply returns.
func Memory[P typed.Folder](name string, region host.Region, state P) *MemoryProjection[P] {
	return &MemoryProjection[P]{progress: progress{name: name, region: region}, state: state}
}

// Read calls f with the state, and the position up to which it has all events. The state does
// not change during f, which must not change or keep it. The error is ErrHalfChanged, and f
// is then not called.
func (p *MemoryProjection[P]) Read(f func(state P, at host.Position)) error {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.half {
		return &Error{Projection: p.name, Err: ErrHalfChanged}
	}
	f(p.state, p.pos)
	return nil
}

func (p *MemoryProjection[P]) start(ctx context.Context, store host.FollowReader, l *host.Lineage) (host.Position, uint64, error) {
	p.mu.RLock()
	at, built, half := p.pos, p.built, p.half
	p.mu.RUnlock()
	if half {
		return at, 0, ErrHalfChanged
	}
	_, err := end(ctx, store, at)
	return at, builtAt(l, at, built), err
}

func (p *MemoryProjection[P]) takeOver(context.Context) error { return nil }

func (p *MemoryProjection[P]) take(_ context.Context, e *typed.Envelope, refused error, after host.Position) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := refused
	if applicable(p.state, err) {
		p.half = true // unless Apply or Park says that it is not: either may end the goroutine
		err = apply(p.state, e, err)
	}
	if err != nil {
		why := p.refusal(e, err)
		if p.Park == nil || !p.Park(why) {
			return why
		}
		p.parked++
	}
	p.half = false
	p.events++
	p.move(after)
	return nil
}

func (p *MemoryProjection[P]) pass(at host.Position) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at != p.pos {
		p.move(at)
	}
}

// catch turns a panic into an error. It is deferred.
func catch(err *error) {
	if v := recover(); v != nil {
		*err = &PanicError{Value: v, Stack: debug.Stack()}
	}
}
