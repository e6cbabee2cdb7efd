package host

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCaller: what a goroutine tells is called by the one that waits, in order; after a panic of
// it the goroutine goes on, and what it tells then is not called.
func TestCaller(t *testing.T) {
	c := newCaller()
	calls := 0
	c.wait(func() {
		for n := range 10 {
			c.tell(func() { calls++ })
			if calls != n+1 { // safe: the call has returned
				t.Errorf("%d calls after %d", calls, n+1)
			}
		}
	})
	require.Equal(t, 10, calls)
	require.False(t, c.left.Load())

	c = newCaller()
	ended := false
	require.PanicsWithValue(t, "told", func() {
		c.wait(func() {
			c.tell(func() { panic("told") })
			c.tell(func() { t.Error("called after a panic") })
			ended = c.left.Load()
		})
	})
	require.True(t, ended, "wait has waited for the goroutine")
}
