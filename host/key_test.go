package host_test

import (
	"testing"

	"github.com/spf13/afero"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/aferofs"
	"github.com/thawlog/thaw/host"
)

// The digest of the empty text is in BLAKE3's own test vectors. Keys are in
// stores, so they must stay.
func TestKeyOfStays(t *testing.T) {
	require.Equal(t, "af1349b9f5f9a1a6a0404dea36dcc949", host.KeyOf("").String())
	require.NotEqual(t, host.KeyOf("a"), host.KeyOf("b"))
}

func TestKeyOfMakesAppendsRepeatable(t *testing.T) {
	o := host.Options{FS: aferofs.New(afero.NewMemMapFs())}
	at := event.At("e", "s")
	for round := range 2 {
		st, err := host.Open(t.Context(), "/s", o)
		require.NoError(t, err)
		r, err := st.Append(t.Context(), at, event.Data, round, host.WithKey(host.KeyOf("request 1")), host.Expect(host.NoEvents))
		require.NoError(t, err)
		require.Equal(t, round == 1, r.Repeated)
		require.Zero(t, r.Sequence)
		require.NoError(t, st.Close())
	}
}
