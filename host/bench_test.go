package host_test

import (
	"os"
	"testing"

	"github.com/thawlog/thaw/host"
)

func BenchmarkOpenDir(b *testing.B) {
	dir := os.Getenv("THAW_BENCH_STORE")
	if dir == "" {
		b.Skip("THAW_BENCH_STORE names no store")
	}
	b.ReportAllocs()
	for b.Loop() {
		r, err := host.OpenReader(b.Context(), dir, host.ReaderOptions{})
		if err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
}
