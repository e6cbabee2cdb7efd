package host_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// TestRecordSurvivesWithItsAppend stops the store before each of its writes, and cuts the
// power: an event that is there has its record, whether its append returned or not.
func TestRecordSurvivesWithItsAppend(t *testing.T) {
	records := &host.Records{At: audit, Permitted: kindPermitted, Denied: kindDenied}
	// So long that an append and its record are in several blocks.
	long := host.WithMeta(event.NewMeta(map[string]string{"note": strings.Repeat("n", 3000)}))
	found, lost := 0, 0
	for n := 1; ; n++ {
		fsys := crashfs.New()
		fsys.StopAfter(n)
		o := host.Options{FS: fsys, Policy: gate.Set(limit), Records: records, Logger: quiet}
		acknowledged := 0
		st, err := host.Open(t.Context(), "store", o)
		if err == nil {
			for _, appendAs := range appendWays {
				items := amounts(1, 2, 101)
				for i := range items {
					items[i].Options = []host.AppendOption{long}
				}
				var done int
				if done, err = appendAs(st.As(alice), items); !errors.Is(err, gate.ErrDenied) {
					break
				}
				acknowledged += done
			}
			err = errors.Join(err, st.Close())
		}
		stopped := errors.Is(err, crashfs.ErrStopped)
		for seed := range uint64(24) {
			o.FS = fsys.Crash(crashfs.Cut{Seed: seed, Survive: 50})
			st, err := host.Open(t.Context(), "store", o)
			require.NoError(t, err)
			events := eventsOf(t, st, 0x1001)
			require.GreaterOrEqual(t, len(events), acknowledged)
			for _, e := range events {
				record, err := records.Find(t.Context(), st, e.Event)
				require.NoError(t, err, "stopped after %d", n)
				require.Less(t, e.Sequence, record.Sequence)
				found++
			}
			if len(events) == 0 {
				lost++
			}
			require.NoError(t, st.Close())
		}
		if !stopped {
			break
		}
	}
	require.Positive(t, found)
	require.Positive(t, lost)
}
