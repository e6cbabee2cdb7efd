package host_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

func TestPositionText(t *testing.T) {
	id := event.ID{1, 2, 3}
	for _, p := range []host.Position{{}, {Store: id}, {Store: id, Sequence: 1<<64 - 1}} {
		text, err := p.MarshalText()
		require.NoError(t, err)
		var got host.Position
		require.NoError(t, got.UnmarshalText(text))
		require.Equal(t, p, got)
	}
	for _, text := range []string{"", "@", "1", id.String(), id.String() + "@", id.String() + "@-1", "@1", id.String() + "@1@1", " " + id.String() + "@1"} {
		_, err := host.ParsePosition(text)
		require.ErrorIs(t, err, host.ErrPositionText, "%q", text)
	}
}

func TestPositionIn(t *testing.T) {
	a, b := event.ID{1}, event.ID{2}
	end := host.Position{Store: a, Sequence: 10}
	for _, c := range []struct {
		position, end host.Position
		want          error
	}{
		{host.Position{}, end, nil},
		{host.Position{}, host.Position{}, nil},
		{host.Position{Store: a}, end, nil},
		{end, end, nil},
		{host.Position{Store: a, Sequence: 11}, end, host.ErrBeyondEnd},
		{host.Position{Store: b}, end, host.ErrOtherStore},
		{host.Position{Store: b, Sequence: 11}, end, host.ErrOtherStore},
		{host.Position{Sequence: 1}, end, host.ErrOtherStore},
		{host.Position{Store: a}, host.Position{}, host.ErrOtherStore},
	} {
		err := c.position.In(c.end)
		if c.want == nil {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, c.want)
		var why *host.PositionError
		require.ErrorAs(t, err, &why)
		require.Equal(t, host.PositionError{Position: c.position, End: c.end, Err: c.want}, *why)
	}
}

func TestPositionOfStore(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	st, err := host.Open(ctx, dir, host.Options{})
	require.NoError(t, err)
	empty, err := st.Position(ctx)
	require.NoError(t, err)
	require.Equal(t, host.Position{}, empty)
	first, err := st.Append(ctx, event.At("a", "s"), event.Data, 1)
	require.NoError(t, err)
	_, err = st.Append(ctx, event.At("b", "s"), event.Data, 2)
	require.NoError(t, err)
	want := host.Position{Store: first.ID, Sequence: 2}
	got, err := st.Position(ctx)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.NoError(t, st.Close())

	r, err := host.OpenReader(ctx, dir, host.ReaderOptions{})
	require.NoError(t, err)
	defer r.Close()
	got, err = r.Position(ctx)
	require.NoError(t, err)
	require.Equal(t, want, got)
}
