package plugin

import (
	"bytes"
	"compress/gzip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/wasm/abi"
)

// BenchmarkSize reports the size of thaw.wasm, as it is and by gzip -9.
func BenchmarkSize(b *testing.B) {
	wasm := wasmOf(b)
	for b.Loop() {
		var z bytes.Buffer
		w, err := gzip.NewWriterLevel(&z, gzip.BestCompression)
		require.NoError(b, err)
		_, err = w.Write(wasm)
		require.NoError(b, err)
		require.NoError(b, w.Close())
		b.ReportMetric(float64(len(wasm)), "bytes")
		b.ReportMetric(float64(z.Len()), "gzip-bytes")
	}
}

// BenchmarkLoad compiles, without a cache and with one that has the code.
func BenchmarkLoad(b *testing.B) {
	wasm, dir := wasmOf(b), b.TempDir()
	for name, o := range map[string]Options{"cold": {NoCache: true}, "cached": {CacheDir: dir}} {
		if !o.NoCache {
			p, err := Load(b.Context(), wasm, o)
			require.NoError(b, err)
			require.NoError(b, p.Close())
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				p, err := Load(b.Context(), wasm, o)
				require.NoError(b, err)
				require.NoError(b, p.Close())
			}
		})
	}
}

// BenchmarkInstantiate makes an instance.
func BenchmarkInstantiate(b *testing.B) {
	p := loaded(b)
	for b.Loop() {
		i, err := p.take(b.Context())
		require.NoError(b, err)
		b.ReportMetric(float64(i.memory().Size()), "memory-bytes")
		i.close()
	}
}

// BenchmarkQuestion is a question to which there is no answer: what asking costs.
func BenchmarkQuestion(b *testing.B) {
	r, _ := openMade(b, ReaderOptions{})
	v, release, err := r.acquire()
	require.NoError(b, err)
	defer release()
	m, err := v.lock(b.Context())
	require.NoError(b, err)
	defer v.unlock(m)
	q := abi.Request{Op: abi.OpCount, From: 1 << 60}
	for b.Loop() {
		require.NoError(b, v.ask(b.Context(), m, &q, func([]byte, uint32) error { return nil }))
	}
}

// BenchmarkHandOver copies 187 MB into a new instance, as much as the index of 1,000,000
// events: what opening with buffers costs before anything is opened.
func BenchmarkHandOver(b *testing.B) {
	p, index := loaded(b), make([]byte, 187<<20)
	for b.Loop() {
		i, err := p.take(b.Context())
		require.NoError(b, err)
		at, err := i.allocate(b.Context(), uint32(len(index)))
		require.NoError(b, err)
		to, err := i.bytes(at, uint32(len(index)))
		require.NoError(b, err)
		copy(to, index)
		i.close()
	}
}
