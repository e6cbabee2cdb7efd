package host_test

import (
	"testing"

	"github.com/spf13/afero"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/aferofs"
	"github.com/thawlog/thaw/host"
)

// The digest of one zero byte is in BLAKE3's own test vectors. Keys are in stores, so
// they must stay. No text is no key.
func TestKeyOfStays(t *testing.T) {
	require.Equal(t, "2d3adedff11b61f14c886e35afa03673", host.KeyOf("\x00").String())
	require.NotEqual(t, host.KeyOf("a"), host.KeyOf("b"))
	require.Zero(t, host.KeyOf(""))
}

func TestKeyOfMakesAppendsRepeatable(t *testing.T) {
	o := host.Options{FS: aferofs.New(afero.NewMemMapFs())}
	at := event.At("e", "s")
	for round := range 2 {
		st, err := host.Open(t.Context(), "/s", o)
		require.NoError(t, err)
		r, err := st.Append(t.Context(), at, event.Data, "one request", host.WithKey(host.KeyOf("request 1")), host.Expect(host.NoEvents))
		require.NoError(t, err)
		require.Equal(t, round == 1, r.Repeated)
		require.Zero(t, r.Sequence)
		require.NoError(t, st.Close())
	}
}
