package vectors

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/wasm/abi"
	"github.com/thawlog/thaw/wasm/internal/madestore"
)

// Draw makes a store of any shape without damage, and questions about it.
func Draw(t testing.TB, r *rapid.T) *Case {
	number := func(name string, low, high int) int { return rapid.IntRange(low, high).Draw(r, name) }
	shape := madestore.Shape{
		Seed: rapid.Uint64().Draw(r, "seed"), PerSegment: number("per segment", 1, 60),
		Indexed: number("indexed", 0, 3), Tail: number("tail", 0, 2), Entities: number("entities", 1, 9), Scopes: number("scopes", 1, 3),
	}
	if shape.Indexed > 0 {
		shape.Part = number("part", 0, 2)
	}
	c := &Case{Name: "drawn", Files: madestore.New(t, shape), Flags: rapid.SampledFrom([]uint32{
		0, abi.FlagStrict, abi.FlagCheckFrames, abi.FlagCheckIndex, abi.FlagShowHidden,
	}).Draw(r, "flags")}
	ids := []event.ID{{}, {9}}
	s, err := store.Open(directory.Memory(c.Files), store.Options{})
	require.NoError(t, err)
	for e, err := range s.Query(query.Region{}, query.Page{}) {
		require.NoError(t, err)
		ids = append(ids, e.ID)
	}
	for range number("questions", 1, 12) {
		q := abi.Request{
			Op:     uint32(rapid.SampledFrom([]int{2, 2, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, abi.OpMarks, abi.OpTimeline, abi.OpFrame}).Draw(r, "op")),
			Format: uint32(number("format", abi.FormatPlain, abi.FormatFull)),
			Rows:   uint32(number("rows", 0, 5)), Bytes: uint32(number("bytes", 0, 2000)),
			From: uint64(number("from", 0, 80)), Limit: uint64(number("limit", 0, 20)),
			ID: rapid.SampledFrom(ids).Draw(r, "id"),
		}
		if q.Op == abi.OpVerify {
			q.From = Seed
		}
		if (q.Op == abi.OpQuery || q.Op == abi.OpStream || q.Op == abi.OpCorrelated) && rapid.Bool().Draw(r, "go on") {
			q.Flags = abi.FlagGoOn
		}
		if q.Op == abi.OpMarks || q.Op == abi.OpTimeline {
			q.To = uint64(number("to", 0, 90))
		}
		if q.Op != abi.OpFrame && rapid.Bool().Draw(r, "by entity") { // a row lies there
			q.Region.Entity = "order:" + strconv.Itoa(number("entity", 0, 9))
		}
		if rapid.Bool().Draw(r, "by prefix") {
			q.Region.EntityPrefix = "order:" + strconv.Itoa(number("prefix", 0, 9))
		}
		if rapid.Bool().Draw(r, "by scope") {
			q.Region.Scope = "shop:" + strconv.Itoa(number("scope", 0, 3))
		}
		switch number("by kind", 0, 2) {
		case 1:
			q.Region.Kinds = event.Only(event.Kind(number("kind", 0x1000, 0x100a)))
		case 2:
			q.Region.Kinds = event.InCategory(uint8(number("category", 0, 4)))
		}
		if rapid.Bool().Draw(r, "by clock") {
			q.Region.Clocks = query.ClocksBetween(uint32(number("low", 0, 9)), uint32(number("high", 0, 20)))
		}
		c.Questions = append(c.Questions, q)
	}
	return c
}
