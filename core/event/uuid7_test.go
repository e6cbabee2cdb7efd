package event_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/event"
)

// parts splits an id.
func parts(t require.TestingT, id event.ID) (ms uint64, counter uint16, random uint64) {
	require.Equal(t, byte(7), id[6]>>4, "version")
	require.Equal(t, byte(2), id[8]>>6, "variant")
	return binary.BigEndian.Uint64(id[:8]) >> 16, binary.BigEndian.Uint16(id[6:]) & 0x0fff,
		binary.BigEndian.Uint64(id[8:]) & (1<<62 - 1)
}

func TestIDsBytes(t *testing.T) {
	var g event.IDs
	require.Equal(t, "017f22e279b07000801f000000000001", g.Next(0x017F22E279B0, 0x001f_0000_0000_0001).String())
	id := g.Next(0x017F22E279B1, 0xffff_ffff_ffff_ffff)
	require.Equal(t, "017f22e279b177ffbfffffffffffffff", id.String())
	require.Equal(t, "017f22e279b17800800000000000000a", g.Next(0, 10).String(), "the clock stepped back")
}

// TestIDsRise uses a clock that stands still, steps back and jumps: ids rise
// strictly, are never earlier than the clock, and keep the random bits.
func TestIDsRise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var g event.IDs
		ms, last, high := rapid.Uint64Range(0, 1<<47).Draw(t, "ms"), event.ID{}, uint64(0)
		for range rapid.IntRange(1, 8).Draw(t, "bursts") {
			switch rapid.IntRange(0, 2).Draw(t, "clock") {
			case 0:
				ms -= min(ms, rapid.Uint64Range(0, 1000).Draw(t, "back"))
			case 1:
				ms += rapid.Uint64Range(0, 3).Draw(t, "on")
			}
			high = max(high, ms)
			random := rapid.Uint64().Draw(t, "random")
			for i := range rapid.SampledFrom([]uint64{1, 2, 100, 4096, 5000}).Draw(t, "ids") {
				id := g.Next(ms, random+i)
				at, _, r := parts(t, id)
				require.Positive(t, bytes.Compare(id[:], last[:]), "%v after %v", id, last)
				require.GreaterOrEqual(t, at, ms)
				require.LessOrEqual(t, at, high+16)
				require.Equal(t, (random+i)&(1<<62-1), r)
				last = id
			}
		}
	})
}

// TestIDsOverflow: a ms has at least 2048 ids; then the time runs ahead of the
// clock until the clock catches up.
func TestIDsOverflow(t *testing.T) {
	var g event.IDs
	for i := range 2049 {
		ms, counter, _ := parts(t, g.Next(50, 1<<64-1))
		require.EqualValues(t, 50, ms)
		require.EqualValues(t, 2047+i, counter)
	}
	ms, counter, _ := parts(t, g.Next(50, 1<<64-1))
	require.EqualValues(t, 51, ms)
	require.Zero(t, counter)
	ms, counter, _ = parts(t, g.Next(51, 1<<64-1))
	require.EqualValues(t, 51, ms)
	require.EqualValues(t, 1, counter)
	ms, _, _ = parts(t, g.Next(52|1<<48, 0))
	require.EqualValues(t, 52, ms, "the low 48 bits count")
}
