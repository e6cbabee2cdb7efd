package lines

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
)

func TestSummaries(t *testing.T) {
	x := query.Extent{Events: 1<<64 - 1, FirstSequence: 2, LastSequence: 3, FirstWallMS: 4, LastWallMS: 5}
	require.Equal(t, `{"events":18446744073709551615,"first_seq":2,"first_wall_ms":4,"last_seq":3,"last_wall_ms":5,"name":"a\"b"}`+"\n",
		string(AppendName(nil, &query.NameSummary{Name: `a"b`, Extent: x})))
	require.Equal(t, `{"events":18446744073709551615,"first_seq":2,"first_wall_ms":4,"kind":"0x100A","last_seq":3,"last_wall_ms":5}`+"\n",
		string(AppendKindSummary(nil, &query.KindSummary{Kind: 0x100A, Extent: x})))
}

// TestLinks: a link's line is its event's with two more keys, in the order of keys, whatever
// its names say.
func TestLinks(t *testing.T) {
	for _, shape := range []Shape{Plain, Payloads, Full} {
		l := store.Link{Distance: -1 << 63, Cut: 1<<64 - 1}
		l.Coordinate = event.At(`"entity":`, `"entity":"x`)
		l.Payload = []byte{0xa9, '"', 'e', 'n', 't', 'i', 't', 'y', '"', ':'}
		before := []byte("before\n")
		b := AppendLink(before, shape, &l)
		line, ok := strings.CutPrefix(string(b), "before\n")
		require.True(t, ok)
		require.Equal(t, 1, strings.Count(line, "\n"))
		var got, want map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &got))
		require.NoError(t, json.Unmarshal(AppendEvent(nil, shape, &l.Full), &want))
		require.Contains(t, line, `"cut":18446744073709551615,"distance":-9223372036854775808,"entity":`)
		delete(got, "cut")
		delete(got, "distance")
		require.Equal(t, want, got)
		keys := slices.Sorted(maps.Keys(want))
		at := 0
		for _, key := range keys {
			next := strings.Index(line, `"`+key+`":`)
			if key != "entity" { // which the names have too
				require.GreaterOrEqual(t, next, at, key)
				at = next
			}
		}
	}
}
