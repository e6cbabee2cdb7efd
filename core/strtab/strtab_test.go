package strtab_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fuzzing"
	"github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/core/strtab"
)

func TestRefusals(t *testing.T) {
	long := strings.Repeat("n", event.MaxName+1)
	for _, c := range []struct {
		name string
		in   string
		lead bool
		want error
	}{
		{"nothing", "", true, msgpack.ErrShort},
		{"nothing, no lead", "", false, msgpack.ErrShort},
		{"a map", "\x80", true, msgpack.ErrType},
		{"a string", "\xa1a", false, msgpack.ErrType},
		{"no leading string", "\x90", true, msgpack.ErrShort},
		{"an empty array, and a string", "\x90\xa0", true, strtab.ErrLeading},
		{"leading name", "\x91\xa1a", true, strtab.ErrLeading},
		{"leading number", "\x91\x01", true, msgpack.ErrType},
		{"empty name", "\x92\xa0\xa0", true, msgpack.ErrShort},
		{"empty name, and more", "\x92\xa0\xa0\x00", true, event.ErrNameEmpty},
		{"empty name without lead", "\x91\xa0\x00", false, event.ErrNameEmpty},
		{"name that is no UTF-8", "\x92\xa0\xa1\xff", true, event.ErrNameUTF8},
		{"long name", "\x92\xa0\xda\x04\x01" + long, true, event.ErrNameLong},
		{"name is a number", "\x92\xa0\x01\x01", true, msgpack.ErrType},
		{"name cut short", "\x92\xa0\xa3ab", true, msgpack.ErrShort},
		{"name in a longer form", "\x92\xa0\xd9\x01a", true, msgpack.ErrSpelling},
		{"count in a longer form", "\xdc\x00\x01\xa0", true, msgpack.ErrSpelling},
		{"count claims 2^32-1", "\xdd\xff\xff\xff\xff\xa0", true, msgpack.ErrShort},
		{"count above what half the bytes hold", "\x93\xa1a\xa1", false, msgpack.ErrShort},
		{"duplicate", "\x94\xa0\xa1a\xa1b\xa1a", true, strtab.ErrDuplicate},
		{"duplicate without lead", "\x92\xa1a\xa1a", false, strtab.ErrDuplicate},
		{"trailing bytes", "\x92\xa0\xa1a\x00", true, msgpack.ErrTrailing},
	} {
		got, err := strtab.DecodeSorted([]byte(c.in), c.lead)
		require.ErrorIs(t, err, c.want, c.name)
		require.Nil(t, got, c.name)
		got, err = strtab.DecodeUnsorted([]byte(c.in), c.lead)
		require.ErrorIs(t, err, c.want, c.name)
		require.Nil(t, got, c.name)
	}
	_, err := strtab.DecodeSorted([]byte("\x93\xa0\xa1a\xa1\xff"), true)
	var name *strtab.NameError
	require.ErrorAs(t, err, &name)
	require.Equal(t, 2, name.Number)
}

// names has distinct names of every length class.
func names() *rapid.Generator[[]string] {
	name := rapid.OneOf(
		rapid.StringN(1, 20, 40),
		rapid.Custom(func(t *rapid.T) string {
			n := rapid.SampledFrom([]int{31, 32, 255, 256, 1023, 1024}).Draw(t, "length")
			return strings.Repeat(string(rune('a'+rapid.IntRange(0, 3).Draw(t, "letter"))), n)
		}),
	)
	return rapid.SliceOfNDistinct(name, 0, 60, rapid.ID)
}

func newBuilder(lead bool) *strtab.Builder {
	if lead {
		return strtab.NewBuilder()
	}
	return &strtab.Builder{}
}

// TestBuilderAgainstTable interns random names, some twice and some rolled
// back, and decodes the table.
func TestBuilderAgainstTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lead := rapid.Bool().Draw(t, "lead")
		b := newBuilder(lead)
		var want []string
		if lead {
			want = append(want, "")
		}
		all := names().Draw(t, "names")
		for range rapid.IntRange(0, 100).Draw(t, "steps") {
			if len(all) == 0 {
				break
			}
			if rapid.IntRange(0, 15).Draw(t, "truncate") == 0 {
				n := rapid.IntRange(min(1, len(want)), len(want)+1).Draw(t, "to")
				b.Truncate(n)
				want = want[:min(n, len(want))]
				continue
			}
			name := rapid.SampledFrom(all).Draw(t, "name")
			number, ok := b.Intern([]byte(name))
			require.True(t, ok)
			i := slices.Index(want, name)
			if i < 0 {
				i = len(want)
				want = append(want, name)
			}
			require.EqualValues(t, i, number)
		}
		require.Equal(t, len(want), b.Len())
		raw := b.AppendTable([]byte("before"))[len("before"):]
		require.Len(t, raw, b.TableSize())
		list := make([][]byte, len(want))
		for i, name := range want {
			list[i] = []byte(name)
		}
		require.Equal(t, raw, strtab.AppendTable(nil, list))
		require.Equal(t, len(raw), strtab.TableSize(list))
		table, err := strtab.DecodeSorted(raw, lead)
		require.NoError(t, err)
		require.Equal(t, len(want), table.Len())
		for i, name := range want {
			require.Equal(t, name, string(table.At(uint32(i))))
			require.Equal(t, name, string(b.At(uint32(i))))
			start, n := table.Extent(uint32(i))
			require.Equal(t, name, string(table.Raw()[start:start+n]))
		}
		checkSorted(t, table, lead)
	})
}

func checkSorted(t rapid.TB, table *strtab.Table, lead bool) {
	n := table.Len()
	if lead {
		n--
	}
	require.Len(t, table.Sorted(), n)
	for i, number := range table.Sorted() {
		require.False(t, lead && number == 0)
		if i > 0 {
			require.Negative(t, bytes.Compare(table.At(table.Sorted()[i-1]), table.At(number)))
		}
	}
}

func TestManyNames(t *testing.T) {
	b := strtab.NewBuilder()
	for i := range 70000 {
		name := []byte{byte('a' + i%26), byte('a' + i/26%26), byte('a' + i/676%26), byte('a' + i/17576)}
		number, ok := b.Intern(name)
		require.True(t, ok)
		require.EqualValues(t, i+1, number)
	}
	table, err := strtab.DecodeSorted(b.AppendTable(nil), true)
	require.NoError(t, err)
	require.Equal(t, 70001, table.Len())
}

// TestHashIsFixed pins the hash, which is part of the format of index.thaw.
func TestHashIsFixed(t *testing.T) {
	require.Equal(t, uint64(0x13597258772e9763), strtab.Hash(nil, 0))
	require.Equal(t, uint64(0x9c2457f9994c2a2a), strtab.Hash([]byte("order:1"), 0))
	require.Equal(t, uint64(0xcbf13b9249e3f3d4), strtab.Hash([]byte("a longer name: order:1"), 7))
}

func FuzzTable(f *testing.F) {
	f.Fuzz(func(t *testing.T, raw []byte, lead bool) {
		var table *strtab.Table
		var err error
		fuzzing.Bounded(t, len(raw), func() { table, err = strtab.DecodeSorted(raw, lead) })
		fuzzing.Bounded(t, len(raw), func() {
			if _, other := strtab.DecodeUnsorted(raw, lead); (err == nil) != (other == nil) {
				t.Fatalf("%v when sorted, and %v when not", err, other)
			}
		})
		if err != nil {
			if table != nil {
				t.Fatal("a table and an error")
			}
			return
		}
		b := newBuilder(lead)
		for i := range table.Len() {
			name := table.At(uint32(i))
			if lead && i == 0 {
				continue
			}
			if err := event.CheckName(name); err != nil {
				t.Fatal(err)
			}
			if number, ok := b.Intern(name); !ok || int(number) != i {
				t.Fatalf("name %d is %d on the way back", i, number)
			}
		}
		if again := b.AppendTable(nil); !bytes.Equal(raw, again) {
			t.Fatalf("% x\nbecame\n% x", raw, again)
		}
		checkSorted(t, table, lead)
	})
}

func TestSeeds(t *testing.T) {
	many := new(strtab.Builder)
	for i := range 20 {
		many.Intern([]byte(strings.Repeat("n", 20*i+1)))
	}
	fuzzing.Seeds(t, "FuzzTable",
		fuzzing.Seed{[]byte("\x91\xa0"), true},
		fuzzing.Seed{[]byte("\x90"), false},
		fuzzing.Seed{[]byte("\x93\xa0\xa7order:1\xa4shop"), true},
		fuzzing.Seed{[]byte("\x92\xa1a\xa1a"), false},
		fuzzing.Seed{many.AppendTable(nil), false},
	)
}
