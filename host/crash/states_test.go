package crash_test

import (
	"math/rand/v2"
	"strings"

	"github.com/thawlog/thaw/fsabstraction/crashfs"
)

// cutAt are the numbers of bytes of a write that may have reached the disk: around
// the heads of frames, sectors and blocks. The whole but one is added.
var cutAt = []int{0, 1, 7, 8, 9, 511, 512, 4095, 4096}

// cuts are the power cuts that are tried before an operation takes effect, random
// ones included.
func cuts(op crashfs.Op, random *rand.Rand, density int) (out []crashfs.Cut) {
	add := func(survive int, torn *crashfs.Torn) {
		out = append(out, crashfs.Cut{Seed: random.Uint64(), Survive: survive, Torn: torn})
	}
	add(100, nil)
	add(0, nil)
	for range density {
		add(10+random.IntN(81), nil)
	}
	if op.Kind != crashfs.WriteAt {
		return out
	}
	at := append(cutAt, len(op.Data)-1)
	if strings.HasSuffix(op.Name, ".tmp") {
		at = at[:1] // it is never read, so its content matters little
	}
	for _, keep := range at {
		if keep < 0 || keep >= len(op.Data) {
			continue
		}
		rest := []crashfs.Rest{crashfs.Absent, crashfs.Zeros, crashfs.Garbage}[random.IntN(3)]
		add([]int{100, 0, 50}[random.IntN(3)], &crashfs.Torn{Op: op, Keep: keep, Rest: rest})
	}
	for range density { // the write in full, in any of its blocks
		add(10+random.IntN(81), &crashfs.Torn{Op: op, Keep: len(op.Data)})
	}
	return out
}
