package engine

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/wasm/abi"
	"github.com/thawlog/thaw/wasm/internal/madestore"
)

// TestRecords: records and names say what rows say, however often names must be forgotten and
// answers end, across parts; one question may begin while another is paused.
func TestRecords(t *testing.T) {
	dir := t.TempDir()
	for name, b := range madestore.New(t, madestore.Shape{Seed: 3, PerSegment: 150, Indexed: 3, Part: 2, Tail: 1, Entities: 90, Scopes: 9}) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	h := newNative(t, dir)
	h.ask(abi.Request{Op: abi.OpOpen, From: 7, Limit: 1})
	rows := func(q abi.Request) (events []event.Event) {
		h.each(q, func(b []byte, count int) {
			for range count {
				row, full, rest, err := abi.DecodeRow(b)
				require.NoError(t, err)
				require.False(t, full)
				events, b = append(events, row.Event), rest
			}
			require.Empty(t, b)
		})
		return events
	}
	bytes := 0
	records := func(q abi.Request) (events []event.Event) {
		var d abi.Records
		q.Format = abi.FormatRecords
		h.each(q, func(b []byte, count int) {
			bytes += len(b)
			for range count {
				var e event.Event
				rest, err := d.Next(b, &e)
				require.NoError(t, err)
				events, b = append(events, e), rest
			}
			require.Empty(t, b)
		})
		return events
	}
	all := rows(abi.Request{Op: abi.OpQuery})
	require.Len(t, all, 900)
	one := all[17]
	questions := []abi.Request{
		{Op: abi.OpQuery}, {Op: abi.OpQuery, Reverse: true, Rows: 7}, {Op: abi.OpQuery, From: all[500].Sequence, Limit: 1},
		{Op: abi.OpQuery, Region: query.Region{Scope: one.Scope}, Bytes: 1000},
		{Op: abi.OpQuery, Region: query.Region{EntityPrefix: one.Entity[:len(one.Entity)-1]}},
		{Op: abi.OpQuery, Region: query.Region{Entity: one.Entity}}, {Op: abi.OpQuery, Region: query.Region{Entity: "nobody"}},
		{Op: abi.OpStream, Region: query.Region{Entity: one.Entity}}, {Op: abi.OpStream, Region: query.Region{Entity: one.Entity}, Reverse: true, Limit: 2},
		{Op: abi.OpQuery, Region: query.Region{Times: query.Times{}.Since(1)}, Limit: 30}, // read from frames: rows
	}
	defer func(most uint32) { mostNames = most }(mostNames)
	for _, most := range []uint32{2, 3, 5, 20, abi.MaxNames} {
		mostNames = most
		for i, q := range questions {
			require.Equal(t, rows(q), records(q), "%d names, question %d", most, i)
		}
	}
	// Every name is sent once for each part with it.
	bytes = 0
	records(abi.Request{Op: abi.OpQuery})
	names := map[string]bool{}
	size := 0
	for _, e := range all {
		for _, name := range []string{e.Entity, e.Scope} {
			if !names[name] {
				size += 8 + len(name)
			}
			names[name] = true
		}
	}
	parts := 3
	require.LessOrEqual(t, bytes, len(all)*(8+162)+parts*size+parts*8)

	request := h.put(abi.AppendRequest(nil, &abi.Request{Op: abi.OpQuery, Format: abi.FormatRecords, Rows: 1}))
	require.EqualValues(t, abi.Rows, h.engine.Start(h.store, request, uint32(len(h.request))))
	require.Equal(t, rows(questions[3]), records(questions[3]))
	for _, number := range slices.Sorted(func(yield func(uint32) bool) {
		for n := range h.engine.tasks.values {
			if !yield(n) {
				return
			}
		}
	}) {
		require.Zero(t, h.engine.Drop(number), strconv.Itoa(int(number)))
	}
	require.Equal(t, rows(questions[3]), records(questions[3]))
}
