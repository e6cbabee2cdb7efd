package host_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// left returns how many events of the gate's store survive power loss.
func (g *syncGate) left(t *testing.T) int {
	p := place{g.Crash(crashfs.Cut{}), storeDir}
	return len(all(t, p.open(t, host.ReaderOptions{})))
}

// TestDurability requires exactly the syncs of each durability.
func TestDurability(t *testing.T) {
	const seg = "000001.fbat"
	for _, c := range []struct {
		name       string
		durability host.Durability
		syncs      int // of three appends
		left       int // of them, after a power cut
	}{
		{"on disk", host.OnDisk, 3, 3},
		{"lose up to nothing", host.LoseUpTo(0), 3, 3},
		{"lose unsynced", host.LoseUnsynced, 0, 0},
		{"lose up to an hour", host.LoseUpTo(time.Hour), 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGate()
			s := g.place().openStore(t, host.Options{Durability: c.durability})
			appendSome(t, s, "e", 3)
			require.Equal(t, c.syncs, count(g.take(), seg))
			require.Equal(t, c.left, g.left(t))
			require.Len(t, all(t, s), 3)
			require.NoError(t, s.Sync(t.Context()))
			require.Equal(t, min(1, 3-c.syncs), count(g.take(), seg))
			require.Equal(t, 3, g.left(t))
			require.NoError(t, s.Sync(t.Context()))
			require.Empty(t, g.take(), "nothing new")
			appendSome(t, s, "e", 1)
			require.NoError(t, s.Close())
			require.Equal(t, 4, g.left(t))
		})
	}
}

// TestRotationSyncs: with every durability, a full segment is on disk with its footer.
func TestRotationSyncs(t *testing.T) {
	g := newGate()
	s := g.place().openStore(t, host.Options{Durability: host.LoseUnsynced, SegmentSize: 1})
	appendSome(t, s, "e", 3)
	require.Equal(t, 2, g.left(t), "two segments are full")
	names := g.take()
	require.Equal(t, 1, count(names, "000001.fbat"))
	require.Equal(t, 1, count(names, "000002.fbat"))
	require.Zero(t, count(names, "000003.fbat"))
}

// TestLoseUpTo requires a sync without a call.
func TestLoseUpTo(t *testing.T) {
	g := newGate()
	s := g.place().openStore(t, host.Options{Durability: host.LoseUpTo(time.Microsecond)})
	release := g.hold()
	t.Cleanup(release)
	appendSome(t, s, "e", 1)
	<-g.arrived
	require.Zero(t, g.left(t))
	release()
	require.NoError(t, s.Sync(t.Context()))
	require.Equal(t, 1, g.left(t))
}
