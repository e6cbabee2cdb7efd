package plugin

import (
	"context"
	"iter"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/wasm/abi"
)

// Entities returns the entities that have visible events and whose name begins with prefix, in
// the order of their names' bytes. It reads no events but the first and the last record of
// each.
func (q *queries) Entities(ctx context.Context, prefix string, page host.NamePage) iter.Seq2[host.NameSummary, error] {
	return rows(ctx, q, names(abi.OpEntities, prefix, page), abi.DecodeName)
}

// Scopes returns the scopes that have visible events and whose name begins with prefix, as
// Entities does.
func (q *queries) Scopes(ctx context.Context, prefix string, page host.NamePage) iter.Seq2[host.NameSummary, error] {
	return rows(ctx, q, names(abi.OpScopes, prefix, page), abi.DecodeName)
}

func names(op uint32, prefix string, page host.NamePage) abi.Request {
	return abi.Request{
		Op: op, Region: query.Region{Entity: page.After, EntityPrefix: prefix}, Limit: uint64(max(page.Limit, 0)),
	}
}

// Kinds returns the kinds that have visible events, by rising kind.
func (q *queries) Kinds(ctx context.Context) iter.Seq2[host.KindSummary, error] {
	return rows(ctx, q, abi.Request{Op: abi.OpKinds}, abi.DecodeKind)
}

// Graph returns an event, then its causes, nearest first, then its effects, nearest first and
// by sequence at the same distance. An id that is neither an event of the store nor a cause
// of one is [host.ErrNotFound].
func (q *queries) Graph(ctx context.Context, id event.ID, o host.GraphOptions) iter.Seq2[host.Link, error] {
	r := abi.Request{Op: abi.OpGraph, ID: id, From: uint64(max(o.Depth, 0)), Limit: uint64(max(o.Limit, 0)), Direction: o.Direction}
	fields := abi.IndexFields
	if o.Payloads {
		r.Format, fields = abi.FormatFullRows, abi.FrameFields
	}
	return rows(ctx, q, r, func(b []byte) (host.Link, []byte, error) {
		l, got, rest, err := abi.DecodeLink(b)
		if err == nil && got != fields {
			err = abi.ErrWire
		}
		return l, rest, err
	})
}
