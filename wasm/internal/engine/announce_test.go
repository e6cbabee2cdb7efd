package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/wasm/abi"
	"github.com/thawlog/thaw/wasm/internal/madestore"
)

// TestAnnounced: a cold question wants what it reads with few requests, since in a browser each
// is a round trip: names of a page of events, lists of a prefix, records where names begin and end.
func TestAnnounced(t *testing.T) {
	dir := t.TempDir()
	shape := madestore.Shape{Seed: 3, PerSegment: 4000, Indexed: 3, Entities: 60000, Scopes: 5}
	for name, b := range madestore.New(t, shape) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	for name, c := range map[string]struct {
		q    abi.Request
		rows int // at least
		most int // requests; one name after the other there were 540, 15, 14, 37 and 55
	}{
		"entities":        {abi.Request{Op: abi.OpEntities}, 10_000, 70},
		"scopes":          {abi.Request{Op: abi.OpScopes}, 5, 10},
		"kinds":           {abi.Request{Op: abi.OpKinds}, 30, 5},
		"names of a page": {abi.Request{Op: abi.OpQuery, From: 6000, Limit: 1000}, 1000, 28},
		"a prefix":        {abi.Request{Op: abi.OpMarks, Region: query.Region{EntityPrefix: "order:1"}}, 4, 42},
	} {
		h := newNative(t, dir)
		h.ask(abi.Request{Op: abi.OpOpen, From: 7})
		h.wants = 0
		require.GreaterOrEqual(t, h.ask(c.q), c.rows, name)
		require.LessOrEqual(t, h.wants, c.most, name)
	}
}
