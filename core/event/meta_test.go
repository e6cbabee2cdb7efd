package event_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	oracle "github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fuzzing"
	"github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/core/payload"
)

// metaEntries draws entries that an event can have, keys and values at their limits
// included.
func metaEntries() *rapid.Generator[map[string]string] {
	text := func(least, most int) *rapid.Generator[string] {
		return rapid.OneOf(
			rapid.StringN(least, 20, 40),
			rapid.Just(strings.Repeat("x", most)),
			rapid.Custom(func(t *rapid.T) string {
				n := rapid.SampledFrom([]int{31, 32, 127, 128, min(255, most), min(256, most)}).Draw(t, "length")
				return strings.Repeat("é", n/2) + strings.Repeat("y", n%2)
			}),
		)
	}
	few := rapid.MapOfN(text(1, event.MaxMetaKey), text(0, event.MaxMetaValue), 0, 4)
	return rapid.Custom(func(t *rapid.T) map[string]string {
		entries := few.Draw(t, "few")
		n := rapid.SampledFrom([]int{0, 15, 16, event.MaxMetaEntries}).Draw(t, "fill up to")
		for i := 1; len(entries) < n; i++ {
			entries[strings.Repeat("k", i)] = "v"
		}
		return entries
	})
}

// TestMetaIsItsEntries compares a Meta with the map that it was made from, and its
// encoding with another encoder's.
func TestMetaIsItsEntries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := metaEntries().Draw(t, "entries")
		m := event.NewMeta(entries)
		require.NoError(t, m.Check())
		require.Equal(t, len(entries), m.Len())
		require.Equal(t, entries, maps.Collect(m.All()))
		var keys []string
		for key := range m.All() {
			keys = append(keys, key)
			require.Equal(t, entries[key], m.Get(key))
		}
		require.True(t, slices.IsSorted(keys))

		b := event.AppendMeta([]byte("x"), m)[1:]
		require.Len(t, b, m.Size())
		if len(entries) > 0 {
			var want strings.Builder
			enc := oracle.NewEncoder(&want)
			enc.SetSortMapKeys(true)
			require.NoError(t, enc.EncodeMapSorted(anyMap(entries)))
			require.Equal(t, want.String(), string(b))
		}
		back, err := event.DecodeMeta(b)
		require.NoError(t, err)
		require.True(t, m == back)

		text, err := json.Marshal(m)
		require.NoError(t, err)
		var parsed event.Meta
		require.NoError(t, json.Unmarshal(text, &parsed))
		require.True(t, m == parsed, "%s", text)

		key, value := rapid.StringN(1, 5, 10).Draw(t, "key"), rapid.String().Draw(t, "value")
		more := m.With(key, value)
		entries[key] = value
		require.True(t, event.NewMeta(entries) == more)
	})
}

func anyMap(entries map[string]string) map[string]any {
	m := map[string]any{}
	for k, v := range entries {
		m[k] = v
	}
	return m
}

func TestMetaLimits(t *testing.T) {
	many := map[string]string{}
	for i := range event.MaxMetaEntries + 1 {
		many[string(rune('a'+i))] = ""
	}
	long := strings.Repeat("k", event.MaxMetaKey)
	for _, c := range []struct {
		name    string
		entries map[string]string
		want    error
		key     string
	}{
		{"33 entries", many, event.ErrMetaEntries, "a"},
		{"no key", map[string]string{"": "v"}, event.ErrMetaKey, ""},
		{"a long key", map[string]string{long + "x": "v"}, event.ErrMetaKey, long},
		{"two long keys", map[string]string{long + "xy": "v", long + "xz": "v"}, event.ErrMetaKey, long},
		{"a long value", map[string]string{"k": strings.Repeat("v", event.MaxMetaValue+1)}, event.ErrMetaValue, "k"},
		{"a huge value", map[string]string{"k": strings.Repeat("v", 1<<20)}, event.ErrMetaValue, "k"},
		{"a key that is not UTF-8", map[string]string{"k\xff": "v"}, event.ErrMetaUTF8, "k\xff"},
		{"a value that is not UTF-8", map[string]string{"a": "", "k": "v\xff"}, event.ErrMetaUTF8, "k"},
	} {
		m := event.NewMeta(c.entries)
		err := m.Check()
		require.ErrorIs(t, err, c.want, c.name)
		var typed *event.MetaError
		require.ErrorAs(t, err, &typed, c.name)
		require.Equal(t, c.key, typed.Key, c.name)
		require.LessOrEqual(t, m.Size(), 5000, c.name)
		_, err = event.DecodeMeta(event.AppendMeta(nil, m))
		require.ErrorIs(t, err, c.want, c.name)
	}
	require.NoError(t, event.Meta{}.Check())
	require.Empty(t, event.Meta{}.Get("k"))
	require.Zero(t, event.Meta{}.Len())
	require.True(t, event.NewMeta(map[string]string{}) == event.Meta{})
	require.Equal(t, `actor="user:7" n="a\"b"`, event.NewMeta(map[string]string{"n": `a"b`, "actor": "user:7"}).String())
}

// TestMetaRefusals: metadata has one encoding.
func TestMetaRefusals(t *testing.T) {
	for in, want := range map[string]error{
		"\x80":                   event.ErrMetaOrder,
		"\x82\xa1b\xa0\xa1a\xa0": event.ErrMetaOrder,
		"\x82\xa1a\xa0\xa1a\xa0": event.ErrMetaOrder,
		"\x81\xa0\xa0":           event.ErrMetaKey,
		"\x81\xa1a\xa1\xff":      event.ErrMetaUTF8,
		"\x81\xa1a\xc0":          msgpack.ErrType,
		"\x81\x01\xa0":           msgpack.ErrType,
		"\x81\xd9\x01a\xa0":      msgpack.ErrSpelling,
		"\xde\x00\x01\xa1a\xa0":  msgpack.ErrSpelling,
		"\x81\xa1a":              msgpack.ErrShort,
		"\x81\xa1a\xa0\xa0":      msgpack.ErrTrailing,
		"\xc0":                   msgpack.ErrType,
	} {
		m, err := event.DecodeMeta([]byte(in))
		require.ErrorIs(t, err, want, "%q", in)
		require.Zero(t, m)
	}
}

func TestMetaJSON(t *testing.T) {
	for text, want := range map[string]map[string]string{
		`{}`:                       nil,
		`null`:                     nil,
		`{"b":"2","a":"1"}`:        {"a": "1", "b": "2"},
		`{"$map":[["$bin","x"]]}`:  {"$bin": "x"},
		`{"$bin":"x","other":"y"}`: {"$bin": "x", "other": "y"},
		` { "a" : "\u00e9\n" } `:   {"a": "é\n"},
	} {
		var m event.Meta
		require.NoError(t, json.Unmarshal([]byte(text), &m), text)
		require.True(t, event.NewMeta(want) == m, text)
	}
	for _, text := range []string{`[]`, `"a"`, `{"a":1}`, `{"a":null}`, `{"a":{}}`, `{"$bin":"AA=="}`, `{"$map":[[1,"a"]]}`, `{"$map":[["a","1"],["a","2"]]}`} {
		_, err := event.ParseMeta([]byte(text))
		require.ErrorIs(t, err, event.ErrMetaJSON, text)
		m := event.NewMeta(map[string]string{"kept": "yes"})
		require.Error(t, m.UnmarshalJSON([]byte(text)))
		require.Equal(t, "yes", m.Get("kept"))
	}
	for text, want := range map[string]error{`{`: payload.ErrTruncated, `{"a":"1","a":"2"}`: payload.ErrDuplicateKey} {
		_, err := event.ParseMeta([]byte(text))
		require.ErrorIs(t, err, want)
	}
}

// TestMetaAllocates: looking a key up allocates nothing, and metadata that repeats is
// read without an allocation.
func TestMetaAllocates(t *testing.T) {
	m := event.NewMeta(map[string]string{event.MetaActor: "user:7", event.MetaRequest: strings.Repeat("r", 40), event.MetaTrace: "t"})
	b := event.AppendMeta(nil, m)
	var r msgpack.Reader
	n := 0
	require.Zero(t, testing.AllocsPerRun(100, func() { n += len(m.Get(event.MetaTrace)) }))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for key, value := range m.All() {
			n += len(key) + len(value)
		}
	}))
	require.Zero(t, testing.AllocsPerRun(100, func() { r.Reset(b); m = event.ReadMeta(&r, m) }))
	require.Zero(t, testing.AllocsPerRun(100, func() { r.Reset(b); event.SkipMeta(&r) }))
	require.EqualValues(t, 1, testing.AllocsPerRun(100, func() { r.Reset(b); event.ReadMeta(&r, event.Meta{}) }))
	require.NoError(t, r.End())
}

func TestMetaSeeds(t *testing.T) {
	fuzzing.Seeds(t, "FuzzMeta",
		fuzzing.Seed{[]byte("\x82\xa5actor\xa6user:7\xa5trace\xa0")},
		fuzzing.Seed{[]byte("\x81\xd9\x20" + strings.Repeat("k", 32) + "\xda\x01\x00" + strings.Repeat("v", 256))},
		fuzzing.Seed{[]byte("\xde\x00\x21\xa1a\xa0")},
		fuzzing.Seed{[]byte("\x80")},
	)
}

// FuzzMeta: bytes are refused, or are the one encoding of valid metadata.
func FuzzMeta(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		fuzzing.Bounded(t, len(b), func() {
			m, err := event.DecodeMeta(b)
			if err != nil {
				require.Zero(t, m)
				return
			}
			require.NoError(t, m.Check())
			require.Equal(t, b, append([]byte{}, event.AppendMeta(nil, m)...))
			require.True(t, utf8.ValidString(m.String()))
			parsed, err := event.ParseMeta(event.AppendMetaJSON(nil, m))
			require.NoError(t, err)
			require.True(t, m == parsed)
		})
	})
}
