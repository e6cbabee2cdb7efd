package kindnames_test

import (
	"hash/crc32"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fuzzing"
	"github.com/thawlog/thaw/core/kindnames"
)

const file = `thaw names 1
0x1001 order.placed
0x1003 order.shipped
0x1004 order.shipped
crc32c B2AE0254
`

var names = map[event.Kind]string{0x1001: "order.placed", 0x1003: "order.shipped", 0x1004: "order.shipped"}

func TestAppend(t *testing.T) {
	got, err := kindnames.Append([]byte("before"), names)
	require.NoError(t, err)
	require.Equal(t, "before"+file, string(got))
	back, err := kindnames.Decode([]byte(file))
	require.NoError(t, err)
	require.Equal(t, names, back)

	none, err := kindnames.Append(nil, nil)
	require.NoError(t, err)
	back, err = kindnames.Decode(none)
	require.NoError(t, err)
	require.Empty(t, back)

	for _, bad := range []string{"", "order placed", "order\nplaced", "\x1b[2J", "naïve", "a\x7f", strings.Repeat("n", kindnames.MaxName+1)} {
		require.ErrorIs(t, kindnames.Check(bad), kindnames.ErrName, "%q", bad)
		got, err := kindnames.Append([]byte("before"), map[event.Kind]string{0x1000: "fine", 0x1001: bad})
		require.ErrorIs(t, err, kindnames.ErrName, "%q", bad)
		require.Equal(t, "before", string(got))
	}
	require.NoError(t, kindnames.Check(strings.Repeat("~", kindnames.MaxName)))
}

// TestLargest: a file with the longest name for every kind has MaxSize bytes and is read.
func TestLargest(t *testing.T) {
	all := map[event.Kind]string{}
	for k := range 1 << 16 {
		all[event.Kind(k)] = strings.Repeat("n", kindnames.MaxName)
	}
	b, err := kindnames.Append(nil, all)
	require.NoError(t, err)
	require.Len(t, b, kindnames.MaxSize)
	got, err := kindnames.Decode(b)
	require.NoError(t, err)
	require.Len(t, got, len(all))
	_, err = kindnames.Decode(append(b, 'x'))
	require.ErrorIs(t, err, damage.Length)
}

// seal returns a file of some text with its checksum.
func seal(text string) string {
	const digits = "0123456789ABCDEF"
	sum := crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli))
	line := []byte("crc32c ")
	for shift := 28; shift >= 0; shift -= 4 {
		line = append(line, digits[sum>>shift&15])
	}
	return text + string(line) + "\n"
}

func TestRefused(t *testing.T) {
	const head = "thaw names 1\n"
	require.Equal(t, file, seal(file[:strings.Index(file, "crc32c")]))
	for text, want := range map[string]damage.Reason{
		"":                                   damage.Magic,
		"thaw name":                          damage.Magic,
		"thaw checkpoint 1\n":                damage.Magic,
		"thaw names x\n":                     damage.Magic,
		"thaw names \n":                      damage.Magic,
		"thaw names 1":                       damage.Short,
		"thaw names ":                        damage.Short,
		head:                                 damage.Short,
		head + "crc32c 00000000":             damage.Short,
		head + "crc32c 00000000\n":           damage.Checksum,
		strings.ToLower(file):                damage.Checksum,
		file + "\n":                          damage.Checksum,
		file[:len(file)-1]:                   damage.Checksum,
		strings.Replace(file, "ed", "ad", 1): damage.Checksum,
		seal("thaw names 2\n0x1001 a\n"):     damage.Version,
		seal("thaw names 01\n0x1001 a\n"):    damage.Version,
		seal(head + "0x1001 a"):              damage.Body,
		seal(head + "0x1001 \n"):             damage.Body,
		seal(head + "0x1001\n"):              damage.Body,
		seal(head + "\n"):                    damage.Body,
		seal(head + "0x1001\ta\n"):           damage.Body,
		seal(head + "0x100a a\n"):            damage.Body,
		seal(head + "0X1001 a\n"):            damage.Body,
		seal(head + "004097 a\n"):            damage.Body,
		seal(head + "0x1001 a b\n"):          damage.Body,
		seal(head + "0x1001 \x1b[2J\n"):      damage.Body,
		seal(head + "0x1001 a\r\n"):          damage.Body,
		seal(head + "0x1001 a\n0x1001 b\n"):  damage.Body,
		seal(head + "0x1002 a\n0x1001 b\n"):  damage.Body,
		seal(head + "0x1001 " + strings.Repeat("n", kindnames.MaxName+1) + "\n"): damage.Body,
	} {
		got, err := kindnames.Decode([]byte(text))
		require.ErrorIs(t, err, want, "%q", text)
		require.Nil(t, got)
	}
}

func TestAdd(t *testing.T) {
	for name, c := range map[string]struct {
		old, more, want map[event.Kind]string
		changed         bool
	}{
		"nothing":      {nil, nil, map[event.Kind]string{}, false},
		"the first":    {nil, map[event.Kind]string{1: "a"}, map[event.Kind]string{1: "a"}, true},
		"one more":     {map[event.Kind]string{1: "a"}, map[event.Kind]string{2: "b"}, map[event.Kind]string{1: "a", 2: "b"}, true},
		"another name": {map[event.Kind]string{1: "a", 2: "b"}, map[event.Kind]string{2: "c"}, map[event.Kind]string{1: "a", 2: "c"}, true},
		"the same":     {map[event.Kind]string{1: "a", 2: "b"}, map[event.Kind]string{2: "b"}, map[event.Kind]string{1: "a", 2: "b"}, false},
		"nothing more": {map[event.Kind]string{1: "a"}, nil, map[event.Kind]string{1: "a"}, false},
	} {
		old, more := maps.Clone(c.old), maps.Clone(c.more)
		got, changed := kindnames.Add(c.old, c.more)
		require.Equal(t, c.want, got, name)
		require.Equal(t, c.changed, changed, name)
		require.Equal(t, old, c.old, name)
		require.Equal(t, more, c.more, name)
	}
}

// TestRoundTrip: what was appended is decoded, and every other byte is refused.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.MapOfN(rapid.Map(rapid.Uint16(), func(n uint16) event.Kind { return event.Kind(n) }),
			rapid.StringMatching(`[!-~]{1,20}`), 0, 8).Draw(t, "names")
		b, err := kindnames.Append(nil, names)
		require.NoError(t, err)
		got, err := kindnames.Decode(b)
		require.NoError(t, err)
		require.Equal(t, names, got)

		at := rapid.IntRange(0, len(b)-1).Draw(t, "at")
		b[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "flip"))
		_, err = kindnames.Decode(b)
		var refused *damage.Refusal
		require.ErrorAs(t, err, &refused)
	})
}

// FuzzDecode: a file that is accepted is exactly that of its names.
func FuzzDecode(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte, sealed bool) {
		if sealed {
			b = []byte(seal(string(b)))
		}
		var got map[event.Kind]string
		var err error
		fuzzing.Bounded(t, len(b), func() { got, err = kindnames.Decode(b) })
		if err != nil {
			var refused *damage.Refusal
			require.ErrorAs(t, err, &refused)
			require.Nil(t, got)
			return
		}
		again, err := kindnames.Append(nil, got)
		require.NoError(t, err)
		require.Equal(t, string(b), string(again))
	})
}

func TestSeeds(t *testing.T) {
	body := []byte(file[:strings.Index(file, "crc32c")])
	fuzzing.Seeds(t, "FuzzDecode",
		fuzzing.Seed{[]byte(file), false}, fuzzing.Seed{body, true}, fuzzing.Seed{body[:20], true},
		fuzzing.Seed{[]byte("thaw names 1\n"), true}, fuzzing.Seed{[]byte("thaw names 2\n"), true},
	)
}
