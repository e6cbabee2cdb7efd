package commit_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/commit"
)

// TestWriteFooter compares a footer in pieces with one that is made as a whole, and makes each
// piece fail.
func TestWriteFooter(t *testing.T) {
	for _, events := range []int{1, 1000, 5000} {
		log := commit.NewLog(commit.NoHistory{}, 0)
		log.Start(1, 57)
		l := newLoad(events)
		l.fresh()
		for i := range l.entries {
			_, err := log.Append(&l.entries[i], 1000)
			require.NoError(t, err)
		}
		log.Commit()
		want := log.Footer([]byte("before"))
		var got []byte
		pieces := 0
		err := log.WriteFooter(func(b []byte) error {
			pieces++
			require.Less(t, len(b), 1<<19)
			got = append(got, b...)
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, "before"+string(got), string(want))
		require.Equal(t, 1+events*154>>18, pieces)
		for bad := range pieces {
			failed, n := errors.New("failed"), 0
			err := log.WriteFooter(func([]byte) error {
				if n++; n > bad {
					return failed
				}
				return nil
			})
			require.ErrorIs(t, err, failed)
			require.Equal(t, bad+1, n, "nothing is written after a failure")
		}
	}
}
