package compact

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/source"
)

// disk is a source that is not memory.
type disk struct{ *bytes.Reader }

func (d disk) Size() int64 { return d.Reader.Size() }

func TestLoad(t *testing.T) {
	r := &run{keep: 10}
	keepable := func(b string) (source.Source, bool) {
		t.Helper()
		content, stays, err := r.keepable(1, uint64(len(b)), disk{bytes.NewReader([]byte(b))})
		require.NoError(t, err)
		return content, stays
	}
	kept, stays := keepable("12345678")
	require.True(t, stays)
	require.Equal(t, source.Bytes("12345678"), kept)
	other, stays := keepable("abc") // beyond what may be kept
	require.False(t, stays)
	require.IsType(t, disk{}, other, "not read")
	_, stays = keepable("hi")
	require.True(t, stays)
	_, stays = keepable("!")
	require.False(t, stays)

	c := &copier{run: r}
	load := func(b string) source.Source {
		t.Helper()
		content, err := c.load(1, uint64(len(b)), disk{bytes.NewReader([]byte(b))})
		require.NoError(t, err)
		return content
	}
	first := load("abc")
	require.Equal(t, source.Bytes("abc"), first)
	load("defg")
	require.Equal(t, source.Bytes("def"), first, "one buffer")
	require.Equal(t, source.Bytes("12345678"), kept)

	large := disk{bytes.NewReader(make([]byte, wholeSegment+1))}
	r.keep = keptSegments
	content, stays, err := r.keepable(1, wholeSegment+1, large)
	require.NoError(t, err)
	require.True(t, stays)
	require.Equal(t, source.Source(large), content, "not read")
	content, err = c.load(1, wholeSegment+1, large)
	require.NoError(t, err)
	require.Equal(t, source.Source(large), content, "not read")

	short := disk{bytes.NewReader([]byte("abc"))}
	_, _, err = r.keepable(7, 4, short)
	require.ErrorIs(t, err, source.ErrShort)
	_, err = c.load(7, 4, short)
	require.ErrorIs(t, err, source.ErrShort)
}
