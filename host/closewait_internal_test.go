package host

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
)

// TestCloseWaitsForThoseInside: an append that passed the check of closing, and has not yet
// sent its request, is still served.
func TestCloseWaitsForThoseInside(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir(), Options{})
	require.NoError(t, err)
	s.inside.Add(1) // as an append in enter does
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	for range 50 { // a Close that does not wait ends meanwhile
		time.Sleep(time.Millisecond)
		require.Empty(t, closed)
	}
	r := &request{kind: requestAppend, done: make(chan struct{}, 1)}
	r.entries = r.one[:]
	require.NoError(t, s.entry(&r.one[0], event.At("e", "s"), event.Data, 1, nil, nil))
	s.requests <- r
	s.inside.Done()
	require.NoError(t, <-closed)
	<-r.done
	require.NoError(t, r.err)
}
