package swap_test

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/internal/fuzzing"
	"github.com/thawlog/thaw/core/swap"
)

// seal recomputes the checksum of a file that is long enough to have one.
func seal(b []byte) []byte {
	b = slices.Clone(b)
	if len(b) >= 16 {
		binary.LittleEndian.PutUint32(b[12:], crc32.ChecksumIEEE(b[16:]))
	}
	return b
}

var small = &swap.Record{Renames: []string{"000001.fbat", "index.fbati"}, Removes: []string{"000002.fbat"}}

// TestBytes has every byte of a small file.
func TestBytes(t *testing.T) {
	want := seal([]byte("THAWSWAP\x01\x00\x00\x00????" + "\x02\x00\x00\x00" + "\x01\x00\x00\x00" +
		"\x0b\x00000001.fbat" + "\x0b\x00index.fbati" + "\x0b\x00000002.fbat"))
	require.Equal(t, "before"+string(want), string(swap.AppendFile([]byte("before"), small)))
	got, err := swap.Decode(want)
	require.NoError(t, err)
	require.Equal(t, small, got)

	empty, err := swap.Decode(swap.AppendFile(nil, &swap.Record{}))
	require.NoError(t, err)
	require.Equal(t, &swap.Record{}, empty)
}

func TestNames(t *testing.T) {
	require.Equal(t, "000001.fbat.swap", swap.Name("000001.fbat"))
	for name, want := range map[string]string{
		"000001.fbat.swap": "000001.fbat", "index.thaw.swap": "index.thaw", "a.swap": "a",
		".swap": "", "a": "", "a.swap.swap": "", "../a.swap": "", ".a.swap": "", "A.swap": "",
		"000001.fbat.swap ": "", "000001.fbat.swap.tmp": "",
	} {
		got, ok := swap.Final(name)
		require.Equal(t, want != "", ok, name)
		if ok {
			require.Equal(t, want, got)
			require.Equal(t, name, swap.Name(got))
		}
	}
	for _, bad := range []string{"", ".", "..", "/", "a/b", `a\b`, "a\x00", "a b", "ä", "X", ".hidden", "a.swap", strings.Repeat("a", swap.MaxName+1)} {
		require.False(t, swap.ValidName(bad), "%q", bad)
	}
	require.True(t, swap.ValidName(strings.Repeat("a", swap.MaxName)))
}

func TestRefused(t *testing.T) {
	good := swap.AppendFile(nil, small)
	change := func(at int, to byte) []byte { b := slices.Clone(good); b[at] = to; return b }
	file := func(renames, removes byte, body string) []byte {
		return seal([]byte("THAWSWAP\x01\x00\x00\x00????" + string([]byte{renames, 0, 0, 0, removes, 0, 0, 0}) + body))
	}
	for name, c := range map[string]struct {
		in   []byte
		want damage.Reason
		at   int64
	}{
		"nothing":           {nil, damage.Short, 0},
		"a short head":      {good[:23], damage.Short, 23},
		"magic":             {change(0, 't'), damage.Magic, 0},
		"version 2":         {change(8, 2), damage.Version, 8},
		"version 257":       {change(9, 1), damage.Version, 8},
		"not zero":          {change(10, 1), damage.Version, 10},
		"not zero, second":  {change(11, 1), damage.Version, 10},
		"checksum":          {change(12, good[12]^1), damage.Checksum, 12},
		"a bit of a name":   {change(30, good[30]^1), damage.Checksum, 12},
		"cut":               {good[:len(good)-1], damage.Checksum, 12},
		"a byte too many":   {seal(append(slices.Clone(good), 0)), damage.Length, int64(len(good))},
		"cut and sealed":    {seal(good[:len(good)-1]), damage.Length, 50},
		"too many names":    {seal(append(good[:16:16], "\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00a"...)), damage.Length, 16},
		"no name":           {file(1, 0, "\x00\x00a"), damage.Body, 24},
		"half a length":     {file(2, 0, "\x02\x00ab\x01"), damage.Length, 16},
		"length at the end": {file(2, 0, "\x04\x00abcd\x01"), damage.Length, 30},
		"a long length":     {file(1, 0, "\x03\x00ab"), damage.Length, 24},
		"a path":            {file(1, 0, "\x03\x00a/b"), damage.Body, 24},
		"a waiting file":    {file(1, 0, "\x06\x00a.swap"), damage.Body, 24},
		"twice":             {file(2, 0, "\x01\x00a\x01\x00a"), damage.Body, 27},
		"falling":           {file(0, 2, "\x01\x00b\x01\x00a"), damage.Body, 27},
		"in both":           {file(2, 2, "\x01\x00b\x01\x00c\x01\x00a\x01\x00c"), damage.Body, 33},
		"more than claimed": {file(1, 0, "\x01\x00a\x01\x00b"), damage.Length, 27},
	} {
		_, err := swap.Decode(c.in)
		require.ErrorIs(t, err, c.want, name)
		var r *damage.Refusal
		require.ErrorAs(t, err, &r, name)
		require.Equal(t, c.at, r.Offset, name)
	}
	for _, r := range []swap.Record{
		{Renames: []string{"b", "a"}}, {Removes: []string{"a", "a"}}, {Renames: []string{"a"}, Removes: []string{"a"}},
		{Renames: []string{"A"}}, {Removes: []string{""}}, {Renames: make([]string, swap.MaxNames+1)},
	} {
		require.False(t, r.Valid())
	}
}

// names draws a sorted list without repetitions.
func names() *rapid.Generator[[]string] {
	name := rapid.StringMatching(`[a-z0-9_-][a-z0-9._-]{0,20}`).Filter(swap.ValidName)
	return rapid.Custom(func(t *rapid.T) []string {
		out := rapid.SliceOfN(name, 0, 20).Draw(t, "names")
		slices.Sort(out)
		if out = slices.Compact(out); len(out) == 0 {
			return nil
		}
		return out
	})
}

// TestRoundTrip: every valid record is read back as it was; a change of any byte is refused,
// with and without another checksum, or gives another valid record.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := &swap.Record{Renames: names().Draw(t, "renames"), Removes: names().Draw(t, "removes")}
		b := swap.AppendFile(nil, r)
		got, err := swap.Decode(b)
		require.Equal(t, r.Valid(), err == nil)
		if err != nil {
			return
		}
		require.Equal(t, r, got)
		at := rapid.IntRange(0, len(b)-1).Draw(t, "at")
		b[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		_, err = swap.Decode(b)
		require.Error(t, err)
		if got, err := swap.Decode(seal(b)); err == nil {
			require.True(t, got.Valid())
			require.Equal(t, seal(b), swap.AppendFile(nil, got))
		}
	})
}

// FuzzDecode: a file that is accepted is exactly that of its record.
func FuzzDecode(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte, sealed bool) {
		if sealed {
			b = seal(b)
		}
		var r *swap.Record
		var err error
		fuzzing.Bounded(t, len(b), func() { r, err = swap.Decode(b) })
		if err != nil {
			require.Nil(t, r)
			return
		}
		require.True(t, r.Valid())
		require.Equal(t, b, swap.AppendFile(nil, r))
	})
}

func TestSeeds(t *testing.T) {
	good := swap.AppendFile(nil, small)
	fuzzing.Seeds(t, "FuzzDecode",
		fuzzing.Seed{good, false},
		fuzzing.Seed{good[:30], true},
		fuzzing.Seed{swap.AppendFile(nil, &swap.Record{}), false},
		fuzzing.Seed{swap.AppendFile(nil, &swap.Record{Renames: []string{"a"}, Removes: []string{"a"}}), false},
	)
}
