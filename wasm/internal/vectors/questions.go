package vectors

import (
	"slices"
	"strings"

	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/wasm/abi"
)

// asked is the number of entities, scopes, kinds and ids in questions.
const asked = 6

// Questions returns questions of every sort about a store of sound files, about events it
// has and has not.
func Questions(files map[string][]byte) (out []abi.Request) {
	s, err := store.Open(directory.Memory(files), store.Options{Seed: Seed})
	if err != nil {
		return Few()
	}
	var events []event.Event
	for e, err := range s.Query(query.Region{}, query.Page{}) {
		if err != nil {
			break
		}
		events = append(events, e)
	}
	out = Few()
	for _, format := range []uint32{abi.FormatPayloads, abi.FormatFull} {
		out = append(out, abi.Request{Op: abi.OpQuery, Format: format})
	}
	for _, rows := range []uint32{1, 3} { // many small answers
		out = append(out, abi.Request{Op: abi.OpQuery, Format: abi.FormatPlain, Rows: rows, Limit: 40})
	}
	for _, op := range []uint32{abi.OpStream, abi.OpState, abi.OpAncestors, abi.OpEffects, abi.OpCorrelated, abi.OpGet, abi.OpGraph, abi.OpFrame} {
		out = append(out, // with missing and invalid subjects
			abi.Request{Op: op, Format: abi.FormatPlain},
			abi.Request{Op: op, Format: abi.FormatPlain, Region: query.Region{Entity: strings.Repeat("x", event.MaxName+1)}},
		)
	}
	for i := 0; i < len(events); i += max(1, len(events)/asked) {
		out = append(out, about(&events[i])...)
	}
	return append(out, readEach(events)...)
}

// readEach returns questions for the payloads of the last events, backwards.
func readEach(events []event.Event) (out []abi.Request) {
	var rows []byte
	for _, e := range slices.Backward(events) {
		next := abi.AppendRow(rows, &e)
		if len(next) > abi.MaxRequest-abi.RequestSize {
			break
		}
		rows = next
	}
	if len(rows) == 0 {
		return nil
	}
	return []abi.Request{
		{Op: abi.OpReadEach, Format: abi.FormatFull, Row: rows},
		{Op: abi.OpReadEach, Format: abi.FormatPayloads, Rows: 2, Row: rows},
		{Op: abi.OpReadEach, Format: abi.FormatFull, Flags: abi.FlagGoOn, Row: rows},
		{Op: abi.OpReadEach, Format: abi.FormatPlain, Row: append(slices.Clone(rows), 0)}, // not a row
	}
}

// Few returns questions that fit every store, damaged or not.
func Few() []abi.Request {
	plain := abi.Request{Format: abi.FormatPlain}
	with := func(op uint32, change func(q *abi.Request)) abi.Request {
		q := plain
		q.Op = op
		if change != nil {
			change(&q)
		}
		return q
	}
	return append([]abi.Request{
		with(abi.OpReport, nil),
		with(abi.OpQuery, nil),
		with(abi.OpQuery, func(q *abi.Request) { q.Format = abi.FormatFull }), // reads damaged frames
		with(abi.OpCount, nil),
		with(abi.OpCount, func(q *abi.Request) { q.Region.Kinds = event.InCategory(1) }),
		with(abi.OpQuery, func(q *abi.Request) { q.Region.EntityPrefix = "order:1"; q.From = 3; q.Limit = 9 }),
		with(abi.OpQuery, func(q *abi.Request) { q.Region.Clocks = query.ClocksBetween(0, 1) }),
		with(abi.OpQuery, func(q *abi.Request) { q.Region.Entity = "no such entity" }),
		with(abi.OpStream, func(q *abi.Request) { q.Region.Entity = "no such entity" }),
		with(abi.OpState, func(q *abi.Request) { q.Region.Entity = "no such entity" }),
		with(abi.OpGet, func(q *abi.Request) { q.ID = event.ID{9} }),
		with(abi.OpAncestors, func(q *abi.Request) { q.ID = event.ID{9} }),
		with(abi.OpEffects, func(q *abi.Request) { q.ID = event.ID{9} }),
		with(abi.OpCorrelated, func(q *abi.Request) { q.ID = event.ID{9} }),
		with(abi.OpPosition, nil),
		with(abi.OpQuery, func(q *abi.Request) { q.Reverse = true; q.Limit = 7 }),
		with(abi.OpQuery, func(q *abi.Request) { q.Reverse = true; q.From = 2; q.To = 30; q.Region.EntityPrefix = "o" }),
		with(abi.OpQuery, func(q *abi.Request) { q.To = 9; q.Region.Kinds = event.AnyOf(0x1000, 0x1002, 0x2001) }),
		with(abi.OpQuery, func(q *abi.Request) { q.Region.Kinds = event.AnyOf() }),
		with(abi.OpQuery, func(q *abi.Request) { q.Region.Times = q.Region.Times.Since(1_780_000_000_000_000) }),
		with(abi.OpCount, func(q *abi.Request) { q.Region.Times = q.Region.Times.Until(1_790_000_000_000_100) }),
		with(abi.OpStream, func(q *abi.Request) { q.Region.Entity = "order:1"; q.Reverse = true; q.To = 5; q.Limit = 2 }),
		with(abi.OpEntities, nil),
		with(abi.OpEntities, func(q *abi.Request) { q.Region.EntityPrefix = "o"; q.Region.Entity = "order:1"; q.Limit = 3 }),
		with(abi.OpScopes, nil),
		with(abi.OpKinds, nil),
		with(abi.OpGraph, func(q *abi.Request) { q.ID = event.ID{9} }),
		with(abi.OpVerify, func(q *abi.Request) { q.From = Seed }),
		with(abi.OpReport, func(q *abi.Request) { q.From = 12345 }), // includes findings since the open
	}, surveys()...)
}

// about returns questions about one event and its neighbours.
func about(e *event.Event) []abi.Request {
	region := func(op uint32, r query.Region) abi.Request {
		return abi.Request{Op: op, Format: abi.FormatPlain, Region: r}
	}
	out := []abi.Request{
		region(abi.OpQuery, query.Region{Entity: e.Entity}),
		region(abi.OpQuery, query.Region{EntityPrefix: strings.ToValidUTF8(e.Entity[:1+len(e.Entity)/2], ""), Scope: e.Scope}),
		region(abi.OpQuery, query.Region{Scope: e.Scope, Kinds: event.Only(e.Kind)}),
		region(abi.OpQuery, query.Region{Kinds: event.InCategory(e.Kind.Category()), Clocks: query.ClocksBetween(e.Clock, e.Clock+2)}),
		region(abi.OpCount, query.Region{Scope: e.Scope}),
		region(abi.OpCount, query.Region{Entity: e.Entity, Clocks: query.ClocksBetween(1, 3)}),
		region(abi.OpStream, query.Region{Entity: e.Entity}),
		region(abi.OpState, query.Region{Entity: e.Entity}),
	}
	for _, id := range []event.ID{e.ID, e.Causation, e.Correlation} {
		for _, op := range []uint32{abi.OpAncestors, abi.OpEffects, abi.OpCorrelated} {
			out = append(out, abi.Request{Op: op, Format: abi.FormatPlain, ID: id})
		}
		for _, format := range []uint32{abi.FormatPlain, abi.FormatPayloads, abi.FormatFull} {
			out = append(out, abi.Request{Op: abi.OpGet, Format: format, ID: id})
		}
		out = append(out, abi.Request{Op: abi.OpEffects, Format: abi.FormatFull, ID: id, Limit: 1})
		out = append(out, abi.Request{Op: abi.OpGraph, Format: abi.FormatPlain, ID: id},
			abi.Request{Op: abi.OpGraph, Format: abi.FormatFull, ID: id, From: 1, Limit: 2, Direction: store.EffectsOnly})
	}
	return append(out, aboutFrame(e)...)
}
