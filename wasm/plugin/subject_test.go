package plugin

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/readertest"
	"github.com/thawlog/thaw/wasm/abi"
)

// TestSubjects: a question about one entity or event is refused as native code refuses
// it when there is no such name or id.
func TestSubjects(t *testing.T) {
	r, err := loaded(t).OpenReader(t.Context(), copyStore(t, "rotated"), ReaderOptions{})
	require.NoError(t, err)
	defer r.Close()
	s, err := r.Snapshot()
	require.NoError(t, err)
	defer s.Close()
	for name, q := range map[string]host.Reader{"reader": r, "snapshot": s} {
		t.Run(name, func(t *testing.T) { readertest.Refusals(t, q) })
	}
}

// TestSubjectsOfOtherHosts: the guest itself answers -22, since hosts in other languages
// check nothing.
func TestSubjectsOfOtherHosts(t *testing.T) {
	w := newWild(t)
	handle, _ := w.declare(made(t), false)
	open, n := w.request(abi.Request{Op: abi.OpOpen})
	require.Zero(t, w.do(&w.start, handle, open, n))
	for what, q := range map[string]abi.Request{
		"stream of no name":     {Op: abi.OpStream},
		"stream of a long name": {Op: abi.OpStream, Region: query.Region{Entity: strings.Repeat("x", 1025)}},
		"stream of no UTF-8":    {Op: abi.OpStream, Region: query.Region{Entity: "\xff"}},
		"state of no name":      {Op: abi.OpState},
		"state of no UTF-8":     {Op: abi.OpState, Region: query.Region{Entity: "\xff"}},
		"get zero":              {Op: abi.OpGet, Format: abi.FormatFull},
		"ancestors of zero":     {Op: abi.OpAncestors},
		"effects of zero":       {Op: abi.OpEffects},
		"correlated with zero":  {Op: abi.OpCorrelated},
		"read of nothing":       {Op: abi.OpRead, Format: abi.FormatFull, Row: abi.AppendRow(nil, &event.Event{})},
		"read of no row":        {Op: abi.OpRead, Format: abi.FormatFull, Row: []byte("no row")},
	} {
		at, n := w.request(q)
		require.Equal(t, int32(abi.ErrRequest), w.do(&w.start, handle, at, n), what)
		out, err := w.bytes(w.out, abi.OutSize)
		require.NoError(t, err)
		require.Equal(t, make([]byte, abi.OutSize), out, "%s: without an answer", what)
	}
	// A region may leave its entity out.
	at, n := w.request(abi.Request{Op: abi.OpCount})
	require.Zero(t, w.do(&w.start, handle, at, n))
}
