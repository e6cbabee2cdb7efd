package aggregate

import (
	"context"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTurnGivenUp: a turn that comes after the end of its context is passed on.
func TestTurnGivenUp(t *testing.T) {
	turns := newTurns()
	waiting := func() int {
		turns.mu.Lock()
		defer turns.mu.Unlock()
		return len(turns.waiting["a"])
	}
	gaveUp := 0
	for gaveUp < 10 { // it may as well take it
		require.NoError(t, turns.take(t.Context(), "a"))
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error)
		go func() { result <- turns.take(ctx, "a") }()
		for waiting() == 0 {
			runtime.Gosched()
		}
		turns.mu.Lock() // so that it sees both
		cancel()
		queue := turns.waiting["a"]
		close(queue[0])
		turns.waiting["a"] = queue[1:]
		turns.mu.Unlock()
		if err := <-result; err != nil {
			require.ErrorIs(t, err, context.Canceled)
			gaveUp++
		} else {
			turns.end("a")
		}
		require.Empty(t, turns.waiting)
	}
}
