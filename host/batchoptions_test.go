package host_test

import (
	"testing"

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
