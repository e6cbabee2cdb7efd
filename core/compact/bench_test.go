package compact_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/compact"
)

// BenchmarkRun merges 100,000 events of 500 segments into one.
func BenchmarkRun(b *testing.B) {
	m := newMaker()
	for range 500 {
		m.segment(slices.Repeat([]int{1}, 200), true, func() int { return m.n % 1000 })
	}
	s := open(b, m.files)
	events := 0
	for b.Loop() {
		r, err := compact.Run(s, compact.Plan{From: 1, To: 500}, discard)
		require.NoError(b, err)
		events += int(r.Events)
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}
