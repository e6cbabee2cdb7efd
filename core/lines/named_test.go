package lines

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
)

// TestNamed: with a name a line has one more key, in its place, and nothing else changes.
func TestNamed(t *testing.T) {
	e := someEvent()
	e.Entity = `","kind":"0x0000"`
	e.Meta = event.NewMeta(map[string]string{"kind": "x", "kind_name": "y"})
	summary := &query.KindSummary{Kind: e.Kind}
	link := &store.Link{Full: *e}
	for what, c := range map[string]struct{ plain, named []byte }{
		"plain":    {AppendEvent(nil, Plain, e), AppendNamedEvent(nil, Plain, e, `order"placed\`)},
		"payloads": {AppendEvent(nil, Payloads, e), AppendNamedEvent(nil, Payloads, e, `order"placed\`)},
		"full":     {AppendEvent(nil, Full, e), AppendNamedEvent(nil, Full, e, `order"placed\`)},
		"kind":     {AppendKindSummary(nil, summary), AppendNamedKindSummary(nil, summary, `order"placed\`)},
		"link":     {AppendLink(nil, Full, link), AppendNamedLink(nil, Full, link, `order"placed\`)},
	} {
		var plain, named map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(c.plain, &plain), what)
		require.NoError(t, json.Unmarshal(c.named, &named), what)
		require.JSONEq(t, `"order\"placed\\"`, string(named["kind_name"]), what)
		sorted, err := json.Marshal(named)
		require.NoError(t, err)
		require.Equal(t, string(sorted)+"\n", string(c.named), what)
		delete(named, "kind_name")
		require.Equal(t, plain, named, what)
		require.Equal(t, 1, bytes.Count(c.named, []byte("\n")), what)
	}
}
