package host

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMergeStopped has a compaction that was asked for stop a merge in the background, but not
// that of a close.
func TestMergeStopped(t *testing.T) {
	f := &flusher{}
	require.NoError(t, f.mergeStopped(flushOpen))
	f.asked.Add(1)
	require.ErrorIs(t, f.mergeStopped(flushOpen), errStopped)
	require.NoError(t, f.mergeStopped(flushClosing))
	f.asked.Add(-1)
	f.closing.Store(true)
	require.ErrorIs(t, f.mergeStopped(flushOpen), errStopped)
}
