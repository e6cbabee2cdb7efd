package cli

import (
	"context"
	"io"
	"os"
	"testing"
)

// BenchmarkDumpStore dumps the store in THAW_BENCH_STORE, such as the one that
// host/bench prepares.
func BenchmarkDumpStore(b *testing.B) {
	dir := os.Getenv("THAW_BENCH_STORE")
	if dir == "" {
		b.Skip("THAW_BENCH_STORE is not set")
	}
	for _, args := range [][]string{{"dump", dir}, {"dump", dir, "--payloads"}} {
		b.Run(args[0]+"/"+args[len(args)-1], func(b *testing.B) {
			b.ReportAllocs()
			var lines counter
			for b.Loop() {
				if code := Run(context.Background(), args, Env{Stdout: &lines, Stderr: io.Discard}); code != 0 {
					b.Fatal(code)
				}
			}
			b.ReportMetric(float64(lines)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}

// counter counts lines.
type counter int

func (c *counter) Write(p []byte) (int, error) {
	for _, b := range p {
		if b == '\n' {
			*c++
		}
	}
	return len(p), nil
}
