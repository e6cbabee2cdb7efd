package vectors

import (
	"cmp"

	"github.com/thawlog/thaw/core/dissect"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/wasm/abi"
)

// survey answers the questions about a region as a whole, and about one frame.
func survey(s *store.Snapshot, q *abi.Request) ([]byte, error) {
	pass := query.Pass{From: q.From, To: q.To}
	switch q.Op {
	case abi.OpMarks:
		marks, err := s.Marks(q.Region, pass, cmp.Or(q.Limit, abi.DefaultStep))
		if err != nil {
			return nil, err
		}
		return lines.AppendMarks(nil, &marks), nil
	case abi.OpTimeline:
		timeline, err := s.Timeline(q.Region, pass, int(min(cmp.Or(q.Limit, abi.DefaultBuckets), query.MaxBuckets)))
		if err != nil {
			return nil, err
		}
		return lines.AppendTimeline(nil, timeline), nil
	}
	e, err := frameEvent(s, q)
	if err != nil {
		return nil, err
	}
	raw, err := s.FrameBytes(e)
	if err != nil {
		return nil, err
	}
	frame := dissect.Bytes(raw, hash)
	return lines.AppendFrame(nil, e.Position, raw, &frame), nil
}

func frameEvent(s *store.Snapshot, q *abi.Request) (event.Event, error) {
	if err := q.CheckSubject(); err != nil || len(q.Row) == 0 {
		if err != nil {
			return event.Event{}, err
		}
		return s.GoingOn().Get(q.ID)
	}
	row, _, _, err := abi.DecodeRow(q.Row)
	return row.Event, err
}

// surveys returns questions about regions as a whole, which fit every store.
func surveys() (out []abi.Request) {
	for i, r := range []query.Region{
		{}, {EntityPrefix: "order:1"}, {Kinds: event.AnyOf(0x1000, 0x1002, 0x2001)}, {Clocks: query.ClocksBetween(0, 1)}, {Entity: "no such entity"},
		{Times: query.Times{}.Since(1_780_000_000_000_000).Until(1_790_000_000_020_000).ByWall()}, {Times: query.Times{}.Since(1_780_000_000_000_000)},
	} {
		out = append(out,
			abi.Request{Op: abi.OpMarks, Format: abi.FormatPlain, Region: r, Limit: uint64(3 * (i % 2)), From: 2, To: 40},
			abi.Request{Op: abi.OpTimeline, Format: abi.FormatFull, Region: r, Limit: uint64(5 * (i % 3)), To: uint64(30 * (i % 2))},
		)
	}
	wall := query.Region{Times: query.Times{}.Until(1_790_000_000_020_000).ByWall()}
	return append(out,
		abi.Request{Op: abi.OpQuery, Format: abi.FormatPlain, Region: wall},
		abi.Request{Op: abi.OpCount, Format: abi.FormatPlain, Region: wall},
		abi.Request{Op: abi.OpFrame, Format: abi.FormatPlain, ID: event.ID{9}},
		// The answers go on behind damage.
		abi.Request{Op: abi.OpQuery, Format: abi.FormatPlain, Flags: abi.FlagGoOn},
		abi.Request{Op: abi.OpQuery, Format: abi.FormatFull, Flags: abi.FlagGoOn, Rows: 2},
		abi.Request{Op: abi.OpQuery, Format: abi.FormatPayloads, Flags: abi.FlagGoOn, Reverse: true, Limit: 9},
		abi.Request{Op: abi.OpQuery, Format: abi.FormatPlain, Flags: abi.FlagGoOn, Region: query.Region{Times: query.Times{}.Since(1_780_000_000_000_000)}},
		abi.Request{Op: abi.OpStream, Format: abi.FormatPlain, Flags: abi.FlagGoOn, Region: query.Region{Entity: "order:1"}},
		abi.Request{Op: abi.OpCorrelated, Format: abi.FormatPlain, Flags: abi.FlagGoOn, ID: event.ID{9}},
	)
}

// aboutFrame returns questions about the frame of an event.
func aboutFrame(e *event.Event) []abi.Request {
	return []abi.Request{
		{Op: abi.OpFrame, Format: abi.FormatPlain, ID: e.ID},
		{Op: abi.OpFrame, Format: abi.FormatFull, Row: abi.AppendRow(nil, e)},
		{Op: abi.OpCorrelated, Format: abi.FormatPayloads, Flags: abi.FlagGoOn, ID: e.Correlation},
	}
}
