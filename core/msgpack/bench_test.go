package msgpack

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkByteArray decodes arrays of bytes: MB/s of the bytes that come out, beside a
// copy of as many.
func BenchmarkByteArray(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, c := range []struct {
		name string
		n    int
		draw func() byte
	}{
		{"text/150", 150, func() byte { return byte(' ' + rng.IntN(90)) }},
		{"text/64KiB", 64 << 10, func() byte { return byte(' ' + rng.IntN(90)) }},
		{"mixed/150", 150, func() byte { // MessagePack: a head among some bytes of text
			if rng.IntN(8) == 0 {
				return byte(0x80 + rng.IntN(0x60))
			}
			return byte(' ' + rng.IntN(90))
		}},
		{"mixed/64KiB", 64 << 10, func() byte {
			if rng.IntN(8) == 0 {
				return byte(0x80 + rng.IntN(0x60))
			}
			return byte(' ' + rng.IntN(90))
		}},
		{"random/32", 32, func() byte { return byte(rng.Uint32()) }},
		{"random/64KiB", 64 << 10, func() byte { return byte(rng.Uint32()) }},
		{"high/64KiB", 64 << 10, func() byte { return byte(0x80 | rng.Uint32()) }},
	} {
		// Many different ones, so that the processor cannot learn their branches.
		const different = 64
		var raw [different][]byte
		for i := range raw {
			p := make([]byte, c.n)
			for k := range p {
				p[k] = c.draw()
			}
			raw[i] = append(AppendByteArray(nil, p), "\xa5entity"...)
		}
		dst := make([]byte, c.n)
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(c.n))
			for i := 0; b.Loop(); i++ {
				r := Reader{b: raw[i%different]}
				if got := r.ByteArray(dst[:0]); len(got) != c.n {
					b.Fatal(r.err)
				}
			}
		})
		b.Run(c.name+"/copy", func(b *testing.B) {
			b.SetBytes(int64(c.n))
			for i := 0; b.Loop(); i++ {
				copy(dst, raw[i%different])
			}
		})
	}
}
