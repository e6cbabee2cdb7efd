package salvage_test

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/internal/fuzzing"
	"github.com/thawlog/thaw/core/salvage"
	"github.com/thawlog/thaw/core/segment"
)

// The steps of a fuzzed change of a directory. Each takes five bytes: the step, the file, an
// offset of two, and a value.
const (
	flip = iota
	cutOff
	remove
	rename
	duplicate
	insert
	takeOut
	reseal
	steps
)

// change changes a store as a script says.
func change(files directory.Memory, script []byte) {
	for n := 0; len(script) >= 5 && n < 32; n++ {
		step, which, value := script[0]%steps, int(script[1]), script[4]
		off := int(binary.BigEndian.Uint16(script[2:]))
		script = script[5:]
		names := slices.Sorted(maps.Keys(files))
		if len(names) == 0 {
			return
		}
		name := names[which%len(names)]
		b := slices.Clone(files[name])
		off %= len(b) + 1
		to := segment.Name(uint64(value%6) + 1)
		if value&0x40 != 0 {
			to += ".compact-src"
		}
		switch {
		case step == flip && off < len(b):
			b[off] ^= value | 1
		case step == cutOff:
			b = b[:off]
		case step == insert:
			b = slices.Insert(b, off, slices.Repeat([]byte{value}, 1+int(value)%40)...)
		case step == takeOut:
			b = slices.Delete(b, off, min(len(b), off+8*int(value)))
		case step == reseal:
			resealFrame(b, off)
		case step == duplicate:
			files[to] = b
			continue
		case step == rename:
			delete(files, name)
			files[to] = b
			continue
		case step == remove:
			delete(files, name)
			continue
		}
		files[name] = b
	}
}

// resealFrame corrects the checksum of the frame that has the byte at off.
func resealFrame(b []byte, off int) {
	for at := 57; at+segment.FrameHead < len(b) && at <= off; {
		n := segment.FrameHead + int(binary.BigEndian.Uint32(b[at:]))
		if n <= segment.FrameHead || n > len(b)-at {
			return
		}
		if off < at+n {
			binary.BigEndian.PutUint32(b[at+4:], crc32.ChecksumIEEE(b[at+segment.FrameHead:at+n]))
			return
		}
		at += n
	}
}

// fuzzed runs a script on one of a few stores: the salvage must come to an end, its result must
// open with all events that the report counts, and be the same after another salvage.
func fuzzed(t testing.TB, stores []directory.Memory, which uint8, script []byte, keep bool) {
	files := maps.Clone(stores[int(which)%len(stores)])
	change(files, script)
	s, err := salvage.Examine(files, salvage.Options{Hash: hash, KeepDoubtful: keep})
	if err != nil {
		var d *damage.Damage
		require.True(t, errors.As(err, &d), "%v", err)
		return
	}
	got := written(t, s)
	events := contents(t, got)
	require.LessOrEqual(t, len(events), int(s.Report().Events)) // ids may repeat
	again, r := salvaged(t, got, salvage.Options{})
	require.Zero(t, r.Lost+r.LeftOut, "%+v", r.Findings)
	require.Equal(t, got, again)
}

func fuzzStores(t testing.TB) []directory.Memory {
	return []directory.Memory{small(t, true), small(t, false), indexed(t, small(t, true)), indexed(t, small(t, false))}
}

func FuzzSalvage(f *testing.F) {
	stores := fuzzStores(f)
	f.Fuzz(func(t *testing.T, which uint8, keep bool, script []byte) { fuzzed(t, stores, which, script, keep) })
}

// TestSeeds keeps the seeds of FuzzSalvage: each step alone, and some together.
func TestSeeds(t *testing.T) {
	var seeds []fuzzing.Seed
	for step := range byte(steps) {
		seeds = append(seeds, fuzzing.Seed{uint8(step), step%2 == 0, []byte{step, 1, 1, 200, 3}})
	}
	seeds = append(seeds,
		fuzzing.Seed{uint8(0), false, []byte{rename, 0, 0, 0, 0x40, duplicate, 1, 0, 0, 0}},
		fuzzing.Seed{uint8(2), true, []byte{flip, 3, 1, 90, 1, reseal, 3, 1, 90, 0, cutOff, 4, 3, 0, 0}},
		fuzzing.Seed{uint8(1), false, []byte{rename, 1, 0, 0, 4, flip, 0, 0, 44, 7}})
	fuzzing.Seeds(t, "FuzzSalvage", seeds...)
}

// TestScripts runs many short random scripts.
func TestScripts(t *testing.T) {
	stores := fuzzStores(t)
	state := uint32(1)
	next := func() byte { // a linear congruential generator
		state = state*1664525 + 1013904223
		return byte(state >> 24)
	}
	for n := range 1500 {
		script := make([]byte, 5*(1+n%4))
		for i := range script {
			script[i] = next()
		}
		t.Run(strconv.Itoa(n), func(t *testing.T) { fuzzed(t, stores, next(), script, n%2 == 0) })
	}
}
