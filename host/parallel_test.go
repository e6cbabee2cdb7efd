package host

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParallel(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 100} {
		counts := make([]atomic.Int32, n)
		parallel(n, func(i int) { counts[i].Add(1) })
		for i := range counts {
			require.EqualValues(t, 1, counts[i].Load())
		}
	}
}
