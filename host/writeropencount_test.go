package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/host"
)

// TestWriterLooksAtFew counts the calls of a writer's open and close. Those of an open do not depend
// on the number of segments. A close that writes an index looks at each segment once, since the
// index records their sizes, and does nothing else with old ones.
func TestWriterLooksAtFew(t *testing.T) {
	calls := func(n int) (open, closing map[failfs.Kind]int) {
		p, w := longStore(t, n, 0, saved)
		w.close()
		fs := failfs.New(p.fs)
		count := map[failfs.Kind]int{}
		fs.Fail(failfs.Rule{Nth: 1 << 30, Match: func(op failfs.Op) bool {
			count[op.Kind]++
			return true
		}})
		p.fs = fs
		st := p.openStore(t, host.Options{NoMerge: true})
		open, count = count, map[failfs.Kind]int{}
		_, err := st.Append(t.Context(), event.At("entity", "s"), event.Data, 1)
		require.NoError(t, err)
		require.NoError(t, st.Close())
		return open, count
	}
	fewOpen, fewClose := calls(3)
	manyOpen, manyClose := calls(200)
	require.Equal(t, fewOpen, manyOpen)
	require.LessOrEqual(t, manyClose[failfs.Lstat], fewClose[failfs.Lstat]+200)
	for kind, n := range manyClose {
		if kind != failfs.Lstat {
			require.LessOrEqual(t, n, fewClose[kind]+10, kind)
		}
	}
}
