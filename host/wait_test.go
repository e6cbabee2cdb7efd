package host_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
)

// TestWaitCommitted waits for an existing event, for one synced later, and for one that never comes.
func TestWaitCommitted(t *testing.T) {
	g := newGate()
	p := g.place()
	s := p.openStore(t, host.Options{})
	appendSome(t, s, "e", 3)
	require.NoError(t, s.Close())
	s = p.openStore(t, host.Options{})
	n, err := s.WaitCommitted(ended(t), 2)
	require.NoError(t, err, "what is there needs no waiting")
	require.EqualValues(t, 3, n)
	_, err = s.WaitCommitted(ended(t), 3)
	require.ErrorIs(t, err, errGone)

	// An event that is written but not synced is not visible.
	release, first := g.stuck(t, s)
	_, err = s.WaitCommitted(ended(t), 3)
	require.ErrorIs(t, err, errGone)
	require.EqualValues(t, 3, s.Committed())
	require.Len(t, all(t, s), 3)
	const waiters = 50
	results := make(chan error, waiters)
	ctx := asked{background, make(chan struct{}, 2*waiters)}
	for range waiters {
		go func() {
			n, err := s.WaitCommitted(ctx, 3)
			if err == nil && n != 4 {
				err = errGone
			}
			results <- err
		}()
	}
	for range waiters {
		<-ctx.waits
	}
	release()
	require.NoError(t, <-first)
	for range waiters {
		require.NoError(t, <-results)
	}

	for range waiters {
		go func() {
			_, err := s.WaitCommitted(ctx, 4)
			results <- err
		}()
	}
	for range waiters {
		<-ctx.waits
	}
	require.NoError(t, s.Close())
	for range waiters {
		require.ErrorIs(t, <-results, host.ErrClosed)
	}
	n, err = s.WaitCommitted(background, 3)
	require.NoError(t, err, "it is there, closed or not")
	require.EqualValues(t, 4, n)
}

// asked is a context that reports when a goroutine begins to wait for its end.
type asked struct {
	context.Context
	waits chan struct{}
}

func (c asked) Done() <-chan struct{} {
	c.waits <- struct{}{}
	return nil
}

// ended returns a context that has ended with errGone.
func ended(t *testing.T) context.Context {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errGone)
	return ctx
}
