package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// TestRecoveryUnderReader: a reader of another process reads every event that it has while a
// writer recovers the store from an unclean stop, which replaces the newest segment, and also
// after a compaction has replaced it again. The soak found an event missing between the two.
func TestRecoveryUnderReader(t *testing.T) {
	for _, before := range []bool{false, true} {
		for _, read := range []bool{false, true} {
			fsys := crashfs.New()
			fillSessions(t, fsys, 6, 7)
			o := compactOptions(unlocked{fsys}) // the killed writer has no lock
			o.Unlocked = true
			if before { // there is a store.thaw
				s, err := host.Open(t.Context(), "store", o)
				require.NoError(t, err)
				_, err = s.Compact(t.Context(), host.Compaction{})
				require.NoError(t, err)
				require.NoError(t, s.Close())
			}
			killed, err := host.Open(t.Context(), "store", o)
			require.NoError(t, err)
			for i := range 20 {
				_, err := killed.Append(t.Context(), event.At("e", "s"), event.Data, i)
				require.NoError(t, err)
			}
			r, err := host.OpenReader(t.Context(), "store", host.ReaderOptions{FS: fsys, Logger: quiet, OpenSegments: 1})
			require.NoError(t, err)
			defer r.Close()
			want := readable(t, r)
			if read { // the newest segment is closed again
				_, err := r.Read(t.Context(), want[0].Event)
				require.NoError(t, err)
			} else if r, err = host.OpenReader(t.Context(), "store", host.ReaderOptions{FS: fsys, Logger: quiet, OpenSegments: 1}); true {
				require.NoError(t, err)
				defer r.Close()
			}
			next, err := host.Open(t.Context(), "store", o)
			require.NoError(t, err)
			require.NotNil(t, next.Report().Recovered)
			require.Equal(t, want, readable(t, r))
			_, err = r.Read(t.Context(), want[0].Event)
			require.NoError(t, err)
			_, err = next.Compact(t.Context(), host.Compaction{})
			require.NoError(t, err)
			require.Equal(t, want, readable(t, r))
			require.NoError(t, next.Close())
			_ = killed.Close()
		}
	}
}
