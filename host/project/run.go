package project

import (
	"context"
	"errors"
	"fmt"

	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/typed"
)

// Run keeps projections up to date with a store until ctx ends, and returns its cause, or
// another error: an *[Error], an *[EventError], a *[StatementError], or one of the store. One scan from the earliest of the
// positions serves all; each projection handles the events of its region from its own
// position on, in order. Values have the types of the registry; without one they are host.Raw.
//
// The projections' functions are called by the caller's goroutine. Another one reads and
// decodes the next events meanwhile; it has ended when Run returns. A transaction that is open then is rolled back, and its events are handled by
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
	s := &scan{moved: make(chan struct{}, 1)}
	defer s.close()
	ended = s.run(ctx, store, types, projections, once)
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
