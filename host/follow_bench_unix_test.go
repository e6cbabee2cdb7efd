//go:build unix

package host_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
)

// BenchmarkFollowIdle follows a store in which nothing happens for 10 s, and reports the
// processor time that takes, in percent of one core. A bare timer of the same pause is
// measured for comparison. Run it on a quiet machine, once: -benchtime 1x.
func BenchmarkFollowIdle(b *testing.B) {
	const lasts = 10 * time.Second
	_, r := benchTail(b)
	from, err := r.Position(b.Context())
	require.NoError(b, err)
	percent := func(run func(ctx context.Context)) float64 {
		ctx, cancel := context.WithTimeout(b.Context(), lasts)
		defer cancel()
		var before, after syscall.Rusage
		require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &before))
		run(ctx)
		require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &after))
		used := after.Utime.Nano() - before.Utime.Nano() + after.Stime.Nano() - before.Stime.Nano()
		return 100 * float64(used) / float64(lasts.Nanoseconds())
	}
	for range b.N {
		b.ReportMetric(percent(func(ctx context.Context) {
			for _, err := range r.Follow(host.Region{}, from, host.FollowOptions{}).Events(ctx) {
				require.ErrorIs(b, err, context.DeadlineExceeded)
			}
		}), "follow-%")
		b.ReportMetric(percent(func(ctx context.Context) {
			timer := time.NewTimer(0)
			for ctx.Err() == nil {
				<-timer.C
				timer.Reset(15 * time.Millisecond)
			}
		}), "timer-%")
	}
}
