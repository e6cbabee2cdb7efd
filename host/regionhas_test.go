package host_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// TestRegionHas compares Has with what Query returns.
func TestRegionHas(t *testing.T) {
	ctx := context.Background()
	st, err := host.Open(ctx, "store", host.Options{FS: crashfs.New()})
	require.NoError(t, err)
	defer st.Close()
	var all []event.Event
	for i := range 24 {
		at := event.At([]string{"a", "ab", "b"}[i%3], []string{"s", "t"}[i%2])
		r, err := st.Append(ctx, at, event.Kind(0x1000+i%4), i, host.WithTime(time.UnixMicro(int64(1000+i))))
		require.NoError(t, err)
		e, err := st.Get(ctx, r.ID)
		require.NoError(t, err)
		all = append(all, e.Event)
	}
	for _, region := range []host.Region{
		{}, {Entity: "a"}, {EntityPrefix: "a"}, {Scope: "t"}, {Kinds: event.AnyOf(0x1000, 0x1003)},
		{Clocks: host.ClocksBetween(2, 4)}, {Since: time.UnixMicro(1005)}, {Until: time.UnixMicro(1010)},
		{EntityPrefix: "a", Scope: "s", Kinds: event.Only(0x1002), Since: time.UnixMicro(1003), Until: time.UnixMicro(1020)},
	} {
		var want, got []uint64
		for e, err := range st.Query(ctx, region, host.Page{}) {
			require.NoError(t, err)
			want = append(want, e.Sequence)
		}
		for i := range all {
			if region.Has(&all[i]) {
				got = append(got, all[i].Sequence)
			}
		}
		require.Equal(t, want, got, "%+v", region)
	}
}
