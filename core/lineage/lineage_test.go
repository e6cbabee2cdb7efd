package lineage_test

import (
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fuzzing"
	"github.com/thawlog/thaw/core/lineage"
)

// seal recomputes the checksum of a file that is long enough to have one.
func seal(b []byte) []byte {
	b = slices.Clone(b)
	if len(b) >= 16 {
		binary.LittleEndian.PutUint32(b[12:], crc32.ChecksumIEEE(b[16:]))
	}
	return b
}

func id(n byte) event.ID { return event.ID{0: 0x01, 15: n} }

// full has every field.
func full() *lineage.Lineage {
	return &lineage.Lineage{
		Identity: id(7), Generation: 2, Origin: &lineage.Origin{Store: id(9), Sequence: 41}, NextSequence: 0x1234,
		Removals: []lineage.Removal{
			{Generation: 1, Mode: lineage.Dropped, First: 3, End: 10, Events: 5, WallMS: 1000},
			{Generation: 2, Mode: lineage.Lost, First: 20, End: 21, WallMS: 2000},
		},
	}
}

// TestBytes has every byte of a file.
func TestBytes(t *testing.T) {
	b := lineage.AppendFile([]byte("before"), full())[6:]
	crc := hex.EncodeToString(b[12:16])
	want := strings.Join([]string{
		"544841574c494e45 0100 0000", crc,
		"01000000000000000000000000000007",
		"0200000000000000 3412000000000000",
		"01000000000000000000000000000009 2900000000000000",
		"02000000 00000000",
		"0100000000000000 0300000000000000 0a00000000000000 0500000000000000 e803000000000000 01 00000000000000",
		"0200000000000000 1400000000000000 1500000000000000 0000000000000000 d007000000000000 04 00000000000000",
	}, "")
	require.Equal(t, strings.ReplaceAll(want, " ", ""), hex.EncodeToString(b))
	require.Equal(t, seal(b), b)
	l, err := lineage.Decode(b)
	require.NoError(t, err)
	require.Equal(t, full(), l)
}

// TestRefused: each field out of its bounds, at its offset.
func TestRefused(t *testing.T) {
	with := func(at int, v ...byte) []byte {
		b := lineage.AppendFile(nil, full())
		copy(b[at:], v)
		return seal(b)
	}
	big := binary.LittleEndian.AppendUint64(nil, 1<<63+1)
	for name, c := range map[string]struct {
		b      []byte
		reason damage.Reason
		offset int64
	}{
		"empty":                     {nil, damage.Short, 0},
		"short":                     {with(0)[:79], damage.Short, 79},
		"magic":                     {with(7, 'F'), damage.Magic, 0},
		"version":                   {with(8, 2), damage.Version, 8},
		"zero":                      {with(11, 1), damage.Version, 10},
		"checksum":                  {append(with(0)[:40], append([]byte{1}, with(0)[41:]...)...), damage.Checksum, 12},
		"cut":                       {with(0)[:175], damage.Length, 72},
		"longer":                    {append(with(0), 0), damage.Length, 72},
		"count":                     {with(72, 0xff, 0xff, 0xff, 0xff), damage.Length, 72},
		"zero again":                {with(76, 1), damage.Version, 76},
		"next sequence":             {with(40, big...), damage.Allocator, 40},
		"origin without store":      {with(48, make([]byte, 16)...), damage.Lineage, 64},
		"removal of no mode":        {with(80+40, 0), damage.Lineage, 120},
		"removal of unknown mode":   {with(80+40, 5), damage.Lineage, 120},
		"removal's zero":            {with(80+47, 1), damage.Version, 127},
		"empty removal":             {with(80+16, 3), damage.Lineage, 96},
		"more events than numbers":  {with(80+24, 8), damage.Lineage, 104},
		"no event, not lost":        {with(80+24, 0), damage.Lineage, 104},
		"falling generation":        {with(80, 3), damage.Lineage, 80},
		"generation above the file": {with(128, 3), damage.Lineage, 128},
		"generations fall":          {with(128, 0), damage.Lineage, 128},
	} {
		_, err := lineage.Decode(c.b)
		var r *damage.Refusal
		require.ErrorAs(t, err, &r, name)
		require.Equal(t, c.reason, r.Reason, name)
		require.Equal(t, c.offset, r.Offset, name)
	}
	many := &lineage.Lineage{Generation: 1, Removals: slices.Repeat([]lineage.Removal{{Generation: 1, Mode: lineage.Dropped, End: 1, Events: 1}}, lineage.MaxRemovals)}
	b := lineage.AppendFile(nil, many)
	require.Len(t, b, lineage.MaxSize)
	_, err := lineage.Decode(b)
	require.NoError(t, err)
	many.Removals = append(many.Removals, many.Removals[0])
	_, err = lineage.Decode(lineage.AppendFile(nil, many))
	require.ErrorIs(t, err, damage.Length)
}

func TestModes(t *testing.T) {
	require.Equal(t, []string{"", "dropped", "tombstoned", "redacted", "lost", ""}, []string{
		lineage.Mode(0).String(), lineage.Dropped.String(), lineage.Tombstoned.String(),
		lineage.Redacted.String(), lineage.Lost.String(), lineage.Mode(5).String(),
	})
}

// removals draws removals with rising places.
func removals(t *rapid.T, most int) []lineage.Removal {
	n := rapid.IntRange(0, most).Draw(t, "removals")
	out := make([]lineage.Removal, n)
	at := uint64(0)
	for i := range out {
		r := &out[i]
		r.Mode = lineage.Mode(rapid.IntRange(1, 4).Draw(t, "mode"))
		r.First = at + rapid.Uint64Range(0, 3).Draw(t, "gap")
		r.End = r.First + rapid.Uint64Range(1, 50).Draw(t, "length")
		r.Events = rapid.Uint64Range(1, r.End-r.First).Draw(t, "events")
		if r.Mode == lineage.Lost && rapid.Bool().Draw(t, "unknown") {
			r.Events = 0
		}
		r.WallMS = rapid.Uint64().Draw(t, "time")
		at = r.End
	}
	return out
}

// TestAdd: whatever is added, the file can be decoded, is the same again, and still says of
// every removed event in which mode and how late it was removed.
func TestAdd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &lineage.Lineage{Identity: id(1), NextSequence: rapid.Uint64Range(0, 1<<63).Draw(t, "next")}
		if rapid.Bool().Draw(t, "fork") {
			l.Origin = &lineage.Origin{Store: id(2), Sequence: rapid.Uint64().Draw(t, "at")}
		}
		type gone struct {
			removal    lineage.Removal
			generation uint64
		}
		var all []gone
		for range rapid.IntRange(0, 5).Draw(t, "generations") {
			l.Generation++
			for _, r := range removals(t, 6) {
				times := rapid.SampledFrom([]int{1, 1, 1, 1500}).Draw(t, "times")
				for k := range uint64(times) { // many, so that they are joined
					r := r
					r.First, r.End = r.First+k*100, r.End+k*100
					l.Add(r)
					all = append(all, gone{r, l.Generation})
				}
			}
		}
		require.LessOrEqual(t, len(l.Removals), lineage.MaxRemovals)
		again, err := lineage.Decode(lineage.AppendFile(nil, l))
		require.NoError(t, err)
		require.Equal(t, l, again)
		require.Equal(t, l, l.Clone())
		if len(all) > 200 {
			all = append(all[:100:100], all[len(all)-100:]...)
		}
		for _, g := range all {
			require.True(t, l.Covers(g.removal.First, g.removal.Mode))
			require.True(t, l.Covers(g.removal.End-1, g.removal.Mode))
			found := slices.ContainsFunc(l.Before(g.removal.First+1, g.generation-1), func(r lineage.Removal) bool {
				return r.Mode == g.removal.Mode && r.First <= g.removal.First && g.removal.End <= r.End && r.WallMS >= g.removal.WallMS &&
					r.Generation >= g.generation
			})
			require.True(t, found)
		}
	})
}

// TestJoin has the rules of a join in numbers.
func TestJoin(t *testing.T) {
	l := &lineage.Lineage{Generation: 1}
	l.Add(lineage.Removal{Mode: lineage.Dropped, First: 0, End: 5, Events: 5, WallMS: 9},
		lineage.Removal{Mode: lineage.Dropped, First: 5, End: 7, Events: 1, WallMS: 8},
		lineage.Removal{Mode: lineage.Redacted, First: 7, End: 8, Events: 1},
		lineage.Removal{Mode: lineage.Redacted, First: 9, End: 10, Events: 1})
	l.Generation = 2
	l.Add(lineage.Removal{Mode: lineage.Redacted, First: 10, End: 11, Events: 1})
	require.Equal(t, []lineage.Removal{
		{Generation: 1, Mode: lineage.Dropped, First: 0, End: 7, Events: 6, WallMS: 9},
		{Generation: 1, Mode: lineage.Redacted, First: 7, End: 8, Events: 1},
		{Generation: 1, Mode: lineage.Redacted, First: 9, End: 10, Events: 1},
		{Generation: 2, Mode: lineage.Redacted, First: 10, End: 11, Events: 1},
	}, l.Removals)
	require.Equal(t, l.Removals[3:], l.Before(100, 1))
	require.Equal(t, l.Removals[:2], l.Before(9, 0))
	require.Equal(t, l.Removals[:1], l.Before(1, 0), "one that lies across the end")
	require.Empty(t, l.Before(0, 0))
	require.Empty(t, (*lineage.Lineage)(nil).Before(9, 0))
	require.False(t, (*lineage.Lineage)(nil).Covers(0))
	require.True(t, l.Covers(6))
	require.False(t, l.Covers(6, lineage.Redacted))
	require.False(t, l.Covers(8))
	require.Equal(t, &lineage.Lineage{}, (*lineage.Lineage)(nil).Clone())

	// Sums that do not fit, and unknown numbers.
	l = &lineage.Lineage{Generation: 1}
	l.Add(lineage.Removal{Mode: lineage.Lost, First: 0, End: 5, Events: 5},
		lineage.Removal{Mode: lineage.Lost, First: 5, End: 7})
	require.Zero(t, l.Removals[0].Events)
	l = &lineage.Lineage{Generation: 1}
	l.Add(lineage.Removal{Mode: lineage.Lost, First: 0, End: math.MaxUint64 - 1, Events: math.MaxUint64 - 1},
		lineage.Removal{Mode: lineage.Lost, First: math.MaxUint64 - 1, End: math.MaxUint64, Events: 1})
	require.EqualValues(t, uint64(math.MaxUint64), l.Removals[0].Events)
}

// FuzzLineage: a file that is accepted is the one that its content gives.
func FuzzLineage(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, b := range [][]byte{b, seal(b)} {
			var l *lineage.Lineage
			var err error
			fuzzing.Bounded(t, len(b), func() { l, err = lineage.Decode(b) })
			if err != nil {
				continue
			}
			if again := lineage.AppendFile(nil, l); string(again) != string(b) {
				t.Fatalf("% x\nbecame\n% x", b, again)
			}
			if l.NextSequence > artifact.MaxAllocator || len(l.Removals) > lineage.MaxRemovals {
				t.Fatal(l)
			}
			l.Add(lineage.Removal{Mode: lineage.Dropped, First: 1, End: 2, Events: 1})
			if _, err := lineage.Decode(lineage.AppendFile(nil, l)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestSeeds(t *testing.T) {
	long := &lineage.Lineage{Identity: id(1), Generation: 1 << 40, NextSequence: 1 << 63}
	for i := range uint64(20) {
		long.Removals = append(long.Removals, lineage.Removal{Generation: i, Mode: lineage.Mode(1 + i%4), First: i, End: math.MaxUint64, Events: i + 1, WallMS: i << 40})
	}
	fuzzing.Seeds(t, "FuzzLineage",
		fuzzing.Seed{lineage.AppendFile(nil, full())},
		fuzzing.Seed{lineage.AppendFile(nil, &lineage.Lineage{})},
		fuzzing.Seed{lineage.AppendFile(nil, long)},
		fuzzing.Seed{seal(append(lineage.AppendFile(nil, &lineage.Lineage{})[:72], 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0))},
	)
}

func TestWithin(t *testing.T) {
	var none *lineage.Lineage
	require.Zero(t, none.Within(0, 10, lineage.Dropped))
	l := lineage.Lineage{Removals: []lineage.Removal{
		{Mode: lineage.Dropped, First: 5, End: 8},
		{Mode: lineage.Dropped, First: 0, End: 3},
		{Mode: lineage.Dropped, First: 6, End: 7}, // within the first
		{Mode: lineage.Redacted, First: 3, End: 4},
		{Mode: lineage.Dropped, First: 7, End: 12},
	}}
	for _, c := range [][3]uint64{{0, 12, 10}, {1, 6, 3}, {3, 5, 0}, {4, 20, 7}, {12, 20, 0}, {7, 7, 0}, {9, 8, 0}} {
		require.Equal(t, c[2], l.Within(c[0], c[1], lineage.Dropped), c)
	}
	require.Equal(t, uint64(1), l.Within(0, 12, lineage.Redacted))
}
