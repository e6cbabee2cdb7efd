package host

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
)

// FuzzCheckpoint: a text that is accepted is exactly what is written for its content.
func FuzzCheckpoint(f *testing.F) {
	for _, region := range []Region{{}, {Entity: "a\nb", Scope: "ü"}, {Kinds: event.AnyOf(1, 7), Clocks: ClocksBetween(1, 2)}} {
		for _, p := range []Position{{}, {Store: event.ID{1}, Sequence: 1<<64 - 1}} {
			text, err := appendCheckpoint(nil, region.String(), p)
			require.NoError(f, err)
			f.Add(text)
			f.Add(text[:len(text)-1])
			f.Add(append(text, text...))
		}
	}
	f.Add([]byte("thaw checkpoint 1\nposition @\nregion \ncrc32c 00000000\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		region, p, ok := decodeCheckpoint(text)
		if !ok {
			require.Zero(t, p)
			return
		}
		again, err := appendCheckpoint(nil, region, p)
		require.NoError(t, err)
		require.Equal(t, text, again)
	})
}
