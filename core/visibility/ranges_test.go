package visibility_test

import (
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/internal/fuzzing"
	"github.com/thawlog/thaw/core/visibility"
)

// seal recomputes the checksum of a file that is long enough to have one.
func seal(b []byte) []byte {
	b = append([]byte{}, b...)
	if len(b) >= 12 {
		binary.LittleEndian.PutUint32(b[8:], crc32.ChecksumIEEE(b[12:]))
	}
	return b
}

func file(body string) []byte { return seal([]byte("FBATVR\x01\x00\x00\x00\x00\x00" + body)) }

// TestFixture has every byte of the one file of its kind.
func TestFixture(t *testing.T) {
	b := fixture.Store("fences")[visibility.FileName]
	want := strings.Join([]string{
		"46 42 41 54 56 52",       // FBATVR
		"01 00",                   // version 1
		crcOf(b),                  // checksum
		"81",                      // a map of one
		"a6 72 61 6e 67 65 73 91", // "ranges": an array of one
		"82",                      // a map of two
		"a5 73 74 61 72 74 06",    // "start": 6
		"a3 65 6e 64 07",          // "end": 7
	}, " ")
	require.Equal(t, want, spaced(b))
	rs, err := visibility.Decode(b)
	require.NoError(t, err)
	require.Equal(t, b, visibility.AppendFile(nil, rs))
	require.Equal(t, visibility.Ranges{{Start: 6, End: 7}}, rs)
}

func spaced(b []byte) string {
	s := hex.EncodeToString(b)
	var out []string
	for i := 0; i < len(s); i += 2 {
		out = append(out, s[i:i+2])
	}
	return strings.Join(out, " ")
}

func crcOf(b []byte) string {
	return spaced(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(b[12:])))
}

func TestRefusals(t *testing.T) {
	pair := func(start, end string) string { return "\x82\xa5start" + start + "\xa3end" + end }
	list := func(ps ...string) []byte {
		return file("\x81\xa6ranges" + string([]byte{0x90 + byte(len(ps))}) + strings.Join(ps, ""))
	}
	good := list(pair("\x01", "\x02"))
	_, err := visibility.Decode(good)
	require.NoError(t, err)
	change := func(at int, to byte) []byte { b := append([]byte{}, good...); b[at] = to; return b }
	for _, c := range []struct {
		name string
		in   []byte
		want damage.Reason
	}{
		{"nothing", nil, damage.Short},
		{"eleven bytes", good[:11], damage.Short},
		{"magic", change(0, 'f'), damage.Magic},
		{"version 0", change(6, 0), damage.Version},
		{"version 2", change(6, 2), damage.Version},
		{"version 257", change(7, 1), damage.Version},
		{"checksum", change(8, good[8]^1), damage.Checksum},
		{"a bit of the body", change(20, good[20]^1), damage.Checksum},
		{"cut", good[:len(good)-1], damage.Checksum},
		{"no body", file(""), damage.Body},
		{"array", file("\x90"), damage.Body},
		{"two keys", file("\x82\xa6ranges\x90\xa1a\x01"), damage.Body},
		{"other key", file("\x81\xa6rangez\x90"), damage.Body},
		{"claim of ranges", file("\x81\xa6ranges\xdd\xff\xff\xff\xff"), damage.Body},
		{"more ranges than bytes", file("\x81\xa6ranges\x92" + pair("\x01", "\x02")), damage.Body},
		{"range keys swapped", list("\x82\xa3end\x02\xa5start\x01"), damage.Body},
		{"negative start", list(pair("\xff", "\x02")), damage.Body},
		{"start in a longer form", list(pair("\xcc\x01", "\x02")), damage.Body},
		{"trailing bytes", file("\x81\xa6ranges\x91" + pair("\x01", "\x02") + "\xc0"), damage.Body},
		{"empty range", list(pair("\x02", "\x02")), damage.Ranges},
		{"range backwards", list(pair("\x03", "\x02")), damage.Ranges},
		{"unsorted", list(pair("\x05", "\x06"), pair("\x01", "\x02")), damage.Ranges},
		{"overlap", list(pair("\x01", "\x05"), pair("\x04", "\x06")), damage.Ranges},
	} {
		rs, err := visibility.Decode(c.in)
		require.ErrorIs(t, err, c.want, c.name)
		require.Nil(t, rs, c.name)
		var r *damage.Refusal
		require.ErrorAs(t, err, &r, c.name)
	}
}

// ranges are sorted and do not overlap.
func ranges() *rapid.Generator[visibility.Ranges] {
	return rapid.Custom(func(t *rapid.T) visibility.Ranges {
		rs := visibility.Ranges{}
		at := uint64(0)
		for range rapid.IntRange(0, 20).Draw(t, "ranges") {
			start := at + rapid.Uint64Range(0, 5).Draw(t, "gap")
			at = start + rapid.OneOf(rapid.Uint64Range(1, 5), rapid.Uint64Range(1, 1<<40)).Draw(t, "length")
			rs = append(rs, visibility.Range{Start: start, End: at})
		}
		return rs
	})
}

func TestHides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rs := ranges().Draw(t, "ranges")
		got, err := visibility.Decode(visibility.AppendFile(nil, rs))
		require.NoError(t, err)
		require.Equal(t, rs, got)
		probe := rapid.Uint64Range(0, 60).Draw(t, "probe")
		want := false
		for _, r := range rs {
			want = want || r.Start <= probe && probe < r.End
		}
		require.Equal(t, want, rs.Hides(probe))
		for _, r := range rs {
			require.True(t, rs.Hides(r.Start) && rs.Hides(r.End-1))
		}
		require.False(t, rs.Hides(rs.End()))
	})
	require.Zero(t, visibility.Ranges(nil).End())
	require.False(t, visibility.Ranges(nil).Hides(0))
	require.True(t, visibility.Ranges{{Start: 0, End: math.MaxUint64}}.Hides(math.MaxUint64-1))
}

// TestAdd compares with marking every number.
func TestAdd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rs visibility.Ranges
		var hidden [64]bool
		for range rapid.IntRange(0, 12).Draw(t, "adds") {
			start := rapid.Uint64Range(0, 60).Draw(t, "start")
			end := rapid.Uint64Range(0, 63).Draw(t, "end")
			before := append(visibility.Ranges{}, rs...)
			next := rs.Add(visibility.Range{Start: start, End: end})
			require.Equal(t, before, append(visibility.Ranges{}, rs...), "the old ranges stay")
			rs = next
			for i := start; i < end; i++ {
				hidden[i] = true
			}
		}
		for i, want := range hidden {
			require.Equal(t, want, rs.Hides(uint64(i)), i)
		}
		for i := 1; i < len(rs); i++ {
			require.Less(t, rs[i-1].End, rs[i].Start, "merged")
		}
		again, err := visibility.Decode(visibility.AppendFile(nil, rs))
		require.NoError(t, err)
		require.Equal(t, append(visibility.Ranges{}, rs...), again)
	})
}

func FuzzRanges(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, b := range [][]byte{b, seal(b)} {
			var rs visibility.Ranges
			var err error
			fuzzing.Bounded(t, len(b), func() { rs, err = visibility.Decode(b) })
			if err != nil {
				continue
			}
			if again := visibility.AppendFile(nil, rs); string(again) != string(b) {
				t.Fatalf("% x\nbecame\n% x", b, again)
			}
			last := uint64(0)
			for _, r := range rs {
				if r.Start >= r.End || r.Start < last {
					t.Fatal(rs)
				}
				last = r.End
			}
		}
	})
}

func TestSeeds(t *testing.T) {
	big := visibility.Ranges{}
	for i := range uint64(20) {
		big = append(big, visibility.Range{Start: i << (3 * i), End: i<<(3*i) + 1})
	}
	fuzzing.Seeds(t, "FuzzRanges",
		fuzzing.Seed{fixture.Store("fences")[visibility.FileName]},
		fuzzing.Seed{visibility.AppendFile(nil, nil)},
		fuzzing.Seed{visibility.AppendFile(nil, visibility.Ranges{{Start: 0, End: 1}, {Start: 1, End: 200}, {Start: 300, End: math.MaxUint64}})},
		fuzzing.Seed{visibility.AppendFile(nil, big)},
		fuzzing.Seed{file("\x81\xa6ranges\xdd\xff\xff\xff\xff")},
	)
}
