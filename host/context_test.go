package host_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
)

// TestOpenCancelled cancels an open at every check of its context, on each step of the
// ladder.
func TestOpenCancelled(t *testing.T) {
	p := inMemory(t)
	w := newWriter(t, p)
	w.fill(3000, 500)
	w.putIndex()
	w.close()
	for _, c := range []struct {
		name  string
		looks int // at least
	}{{"index", 3}, {"segments", 6}} {
		t.Run(c.name, func(t *testing.T) {
			for after := 0; ; after++ {
				r, err := host.OpenReader(&stepContext{t.Context(), after}, p.dir, host.ReaderOptions{FS: p.fs})
				if err == nil {
					require.GreaterOrEqual(t, after, c.looks)
					require.NoError(t, r.Close())
					break
				}
				require.Nil(t, r)
				require.ErrorIs(t, err, context.Canceled)
				require.Contains(t, err.Error(), p.dir)
			}
		})
		p.remove(t, indexName)
	}
}

// TestCancelledBefore queries with a context that has ended: there is no result, not even an
// empty one.
func TestCancelledBefore(t *testing.T) {
	for _, name := range []string{"empty", "tail"} {
		t.Run(name, func(t *testing.T) {
			p := inMemory(t)
			p.put(t, fixture(t, name))
			r := p.open(t, host.ReaderOptions{})
			ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
			defer cancel()
			_, err := host.OpenReader(ctx, p.dir, host.ReaderOptions{FS: p.fs})
			require.ErrorIs(t, err, context.DeadlineExceeded)
			_, err = r.Refresh(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			_, err = r.Get(ctx, nthID(1))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			_, err = r.Count(ctx, host.Region{}, 0)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			n := 0
			for _, err := range r.Query(ctx, host.Region{Entity: "nobody"}, host.Page{}) {
				require.ErrorIs(t, err, context.DeadlineExceeded)
				n++
			}
			require.Equal(t, 1, n)
			changed, err := r.Refresh(t.Context())
			require.NoError(t, err)
			require.False(t, changed)
		})
	}
}

// TestIterationCancelled stops soon after the context does.
func TestIterationCancelled(t *testing.T) {
	p := inMemory(t)
	w := newWriter(t, p)
	w.fill(500, 500)
	w.close()
	r := p.open(t, host.ReaderOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for e, err := range r.Query(ctx, host.Region{}, host.Page{}) {
		if last = err; err != nil {
			require.Zero(t, e)
			continue
		}
		if n++; n == 100 {
			cancel()
		}
	}
	require.ErrorIs(t, last, context.Canceled)
	require.Less(t, n, 200)
}
