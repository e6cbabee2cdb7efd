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
	load := func(b string) (source.Source, bool) {
		t.Helper()
		content, stays, err := r.load(1, uint64(len(b)), disk{bytes.NewReader([]byte(b))})
		require.NoError(t, err)
		return content, stays
	}
	kept, stays := load("12345678")
	require.True(t, stays)
	third, stays := load("abc") // beyond what may be kept
	require.False(t, stays)
	require.Equal(t, source.Bytes("abc"), third)
	_, stays = load("defg")
	require.False(t, stays)
	require.Equal(t, source.Bytes("def"), third, "one buffer")
	_, stays = load("hi")
	require.True(t, stays)
	require.Equal(t, source.Bytes("12345678"), kept)

	large := disk{bytes.NewReader(make([]byte, wholeSegment+1))}
	content, stays, err := r.load(1, wholeSegment+1, large)
	require.NoError(t, err)
	require.True(t, stays)
	require.Equal(t, source.Source(large), content, "not read")

	_, _, err = r.load(7, 4, disk{bytes.NewReader([]byte("abc"))})
	require.ErrorIs(t, err, source.ErrShort)
}
