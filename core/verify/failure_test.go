package verify_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/internal/refusing"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/verify"
)

// TestRefusedCalls makes each call on a store's files fail in turn, once and from then on.
// A run either has the same result as without the failure or ends with its cause.
func TestRefusedCalls(t *testing.T) {
	boom := errors.New("too many open files")
	whole, _ := longstore.New(t, 12)
	stores := map[string]map[string][]byte{"long": whole}
	for _, name := range []string{"tail", "fences", "rotated"} {
		stores[name] = fixture.Store(name)
	}
	broken := fixture.Store("rotated")
	first := fixture.Segments(broken)[0]
	broken[first][len(broken[first])/2] ^= 1
	stores["damaged"] = broken
	for name, files := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, err := verify.Run(&refusing.Files{Memory: files}, verify.Options{Hash: hash, Seed: 3})
			require.NoError(t, err)
			for _, forever := range []bool{false, true} {
				for nth := 1; ; nth++ {
					f := &refusing.Files{Memory: files, Nth: nth, Forever: forever, Err: boom}
					got, err := verify.Run(f, verify.Options{Hash: hash, Seed: 3})
					if f.Calls < nth {
						require.Greater(t, nth, 20)
						break
					}
					if err == nil {
						require.Equal(t, want, got, "call %d, forever %v", nth, forever)
						continue
					}
					require.ErrorIs(t, err, boom, "call %d", nth)
					require.ErrorIs(t, err, source.ErrRead, "call %d", nth)
				}
			}
		})
	}
	f := &refusing.Files{Memory: whole, Nth: 1, Forever: true, Err: boom, Only: "000002.fbat"}
	_, err := verify.Run(f, verify.Options{})
	var failed *source.ReadError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, "000002.fbat", failed.File)
}
