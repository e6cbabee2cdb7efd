package payload

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func FuzzUnmarshal(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		sound := Check(b) == nil
		for _, v := range targets() {
			var err error
			// The constant covers the library's caches for a type it sees for the first time.
			got := allocated(func() { err = Unmarshal(b, v) })
			require.Less(t, got, uint64(256<<10+1000*len(b)), "into %T", v)
			switch {
			case !sound:
				var e *Error
				require.ErrorAs(t, err, &e)
			case err != nil:
				require.ErrorIs(t, err, ErrType)
			}
		}
		if !sound {
			return
		}
		// A value decoded into any encodes to an equivalent value.
		var v any
		if Unmarshal(b, &v) == nil {
			again, err := Marshal(v)
			require.NoError(t, err)
			var w any
			require.NoError(t, Unmarshal(again, &w))
			twice, err := Marshal(w)
			require.NoError(t, err)
			require.Equal(t, again, twice)
		}
	})
}

// TestSeeds checks the committed corpus: without it a fuzz target tests nothing in an ordinary run.
func TestSeeds(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "fuzz", "FuzzUnmarshal", "*"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 4)
}
