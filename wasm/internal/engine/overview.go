package engine

import (
	"iter"
	"math"

	"github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/core/query"
	corestore "github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/wasm/abi"
)

// overview answers with a list or a graph.
func (t *task) overview(limit int) error {
	q, s := &t.request, t.store.snapshot
	page := query.NamePage{After: q.Region.Entity, Limit: limit}
	switch q.Op {
	case abi.OpEntities:
		return t.names(s.Entities(q.Region.EntityPrefix, page))
	case abi.OpScopes:
		return t.names(s.Scopes(q.Region.EntityPrefix, page))
	case abi.OpKinds:
		return each(t, s.Kinds(), func(k *query.KindSummary) {
			if abi.Text(q.Format) {
				t.answer = lines.AppendKindSummary(t.answer, k)
			} else {
				t.answer = abi.AppendKind(t.answer, k)
			}
		})
	}
	o := corestore.GraphOptions{
		Depth: int(min(q.From, math.MaxInt)), Limit: limit, Direction: q.Direction, Payloads: q.Format != abi.FormatRows,
	}
	return each(t, s.Graph(q.ID, o), t.link)
}

func (t *task) names(all iter.Seq2[query.NameSummary, error]) error {
	return each(t, all, func(name *query.NameSummary) {
		if abi.Text(t.request.Format) {
			t.answer = lines.AppendName(t.answer, name)
		} else {
			t.answer = abi.AppendName(t.answer, name)
		}
	})
}

func (t *task) link(l *corestore.Link) {
	switch format := t.request.Format; format {
	case abi.FormatRows:
		t.answer = abi.AppendLink(t.answer, l, abi.IndexFields)
	case abi.FormatFullRows:
		t.answer = abi.AppendLink(t.answer, l, abi.FrameFields)
	default:
		t.answer = lines.AppendLink(t.answer, lines.Shape(format-abi.FormatPlain), l)
	}
}

// each answers with one row per item.
func each[T any](t *task, all iter.Seq2[T, error], put func(*T)) error {
	for item, err := range all {
		if err != nil {
			return t.after(err)
		}
		put(&item)
		t.row()
	}
	return nil
}
