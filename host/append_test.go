package host_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/spf13/afero"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/aferofs"
	"github.com/thawlog/thaw/host"
)

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	fs := aferofs.New(afero.NewMemMapFs())
	o := host.Options{FS: fs, SegmentSize: 2000}
	n := 0
	for round := range 5 {
		st, err := host.Open(ctx, "/s", o)
		require.NoError(t, err)
		require.Equal(t, n, int(st.Committed()))
		for i := range 20 {
			r, err := st.Append(ctx, event.At(fmt.Sprint("e", i%3), "s"), event.Data, map[string]any{"n": i, "r": round})
			require.NoError(t, err)
			require.Equal(t, n, int(r.Sequence))
			n++
			full, err := st.Get(ctx, r.ID)
			require.NoError(t, err)
			require.Equal(t, r.Sequence, full.Sequence)
		}
		rs, err := st.AppendBatch(ctx, []host.Item{{At: event.At("e1", "s"), Kind: event.Data, Payload: 1}, {At: event.At("e1", "s"), Kind: event.Data, Payload: 1, Options: []host.AppendOption{host.CausedByItem(0)}}})
		require.NoError(t, err)
		require.Len(t, rs, 2)
		n += 2
		c, err := st.Count(ctx, host.Region{}, 0)
		require.NoError(t, err)
		require.Equal(t, n, int(c))
		require.NoError(t, st.Close())
		require.NoError(t, st.CloseReport().IndexError)
		require.True(t, st.CloseReport().IndexWritten)
		res, err := host.Verify(ctx, "/s", host.ReaderOptions{FS: fs}, nil)
		require.NoError(t, err)
		require.Empty(t, res.Damages)
		t.Log(res.Notes)
		r, err := host.OpenReader(ctx, "/s", host.ReaderOptions{FS: fs})
		require.NoError(t, err)
		rep := r.Report()
		require.Equal(t, n, int(rep.Events))
		require.Empty(t, rep.Rejected)
		require.Zero(t, rep.TailEvents)
		t.Log(rep.OpenedFrom, rep.Segments)
		require.NoError(t, r.Close())
	}
}
