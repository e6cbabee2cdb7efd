package host_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

func TestSplitOptions(t *testing.T) {
	require.Equal(t, host.BatchOptions{}, host.SplitOptions(nil))
	key, cause := event.ID{1}, event.ID{2}
	first, second := host.Unless(host.Position{}, host.Region{}), host.Unless(host.Position{}, host.Region{Scope: "s"})
	require.Equal(t, host.BatchOptions{
		Key: key, Keyed: true,
		Expected:   host.AtClock(3),
		Conditions: []host.AppendOption{first, second},
		Each:       []host.AppendOption{host.CausedBy(cause), host.WithFlags(1), host.AllowReservedKind()},
	}, host.SplitOptions([]host.AppendOption{
		first, host.WithKey(event.ID{9}), host.CausedBy(cause), host.Expect(host.NoEvents), host.WithFlags(1),
		host.WithKey(key), host.Expect(host.AtClock(3)), second, host.AllowReservedKind(),
	}))
	require.True(t, host.SplitOptions([]host.AppendOption{host.WithKey(event.ID{})}).Keyed, "the zero key is one, to be refused")
}

// TestDescribe: what the options for every item say of an event before it is appended.
func TestDescribe(t *testing.T) {
	id, cause := event.ID{1}, event.ID{2}
	meta := event.NewMeta(map[string]string{event.MetaActor: "user:7"})
	e := event.Full{}
	e.ID, e.Correlation, e.TimestampUS = id, id, 5
	want := e
	b := host.SplitOptions(nil)
	b.Describe(&e)
	require.Equal(t, want, e)
	want.Correlation, want.Causation, want.Flags, want.TimestampUS, want.Timed, want.Meta = cause, cause, 2, 7, true, meta
	b = host.SplitOptions([]host.AppendOption{
		host.WithKey(event.ID{9}), host.Correlated(cause), host.CausedBy(cause), host.WithFlags(2),
		host.WithTime(time.UnixMicro(7)), host.WithMeta(meta),
	})
	b.Describe(&e)
	require.Equal(t, want, e)
	b = host.SplitOptions([]host.AppendOption{host.CausedByItem(0)})
	b.Describe(&e)
	require.Zero(t, e.Causation)
}
