package host

import (
	"context"
	"iter"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
)

// Extent says how many visible events an entity, a scope or a kind has, and where they begin
// and end.
type Extent = query.Extent

// NameSummary is an entity or a scope with the extent of its events: a Name and an Extent.
type NameSummary = query.NameSummary

// KindSummary is a kind with the extent of its events: a Kind and an Extent.
type KindSummary = query.KindSummary

// NamePage bounds a list of names, which begins with the first name above After and has at
// most Limit names, 0 for no limit. To continue it, set After to the last name.
type NamePage = query.NamePage

// Link is an event of a graph: an event.Full, and its Distance from the event that was asked
// about, negative for causes. Its edge leads from its cause, Causation, to itself. In the
// last link of a graph that reached its limit, Cut is how many direct causes and effects
// were left out.
type Link = store.Link

// GraphOptions bound a graph: Depth bounds the distance and Limit the number of links, 0
// for no bound; Direction is [CausesAndEffects], [CausesOnly] or [EffectsOnly]; Payloads
// reads the frames too. The zero GraphOptions is the whole graph without payloads.
type GraphOptions = store.GraphOptions

// GraphDirection says which way a graph goes from its event.
type GraphDirection = store.GraphDirection

// The directions of a graph.
const (
	CausesAndEffects = store.CausesAndEffects
	CausesOnly       = store.CausesOnly
	EffectsOnly      = store.EffectsOnly
)

// Entities returns the entities that have visible events and whose name begins with prefix, in
// the order of their names' bytes. It reads no events but the first and the last record of
// each entity (in each index file), so a list of 1,000 costs about as much as 2,000 events
// without payloads, whatever their number of events. Hidden events are not counted; each of
// their ranges within the events of an entity costs a few searches more.
func (q *queries) Entities(ctx context.Context, prefix string, page NamePage) iter.Seq2[NameSummary, error] {
	return iterate(ctx, q, func(s *store.Snapshot) iter.Seq2[NameSummary, error] { return s.Entities(prefix, page) })
}

// Scopes returns the scopes that have visible events and whose name begins with prefix, at
// the cost of Entities for as many.
func (q *queries) Scopes(ctx context.Context, prefix string, page NamePage) iter.Seq2[NameSummary, error] {
	return iterate(ctx, q, func(s *store.Snapshot) iter.Seq2[NameSummary, error] { return s.Scopes(prefix, page) })
}

// Kinds returns the kinds that have visible events, by rising kind, at the cost of Entities
// for as many.
func (q *queries) Kinds(ctx context.Context) iter.Seq2[KindSummary, error] {
	return iterate(ctx, q, (*store.Snapshot).Kinds)
}

// Graph returns an event, then its causes, nearest first, then its effects, nearest first and
// by sequence at the same distance. Each direction returns an event once, so circles end. An
// id that is neither an event of the store nor a cause of one is [ErrNotFound]; the event
// itself is missing from the graph if only others name it as their cause.
func (q *queries) Graph(ctx context.Context, id event.ID, o GraphOptions) iter.Seq2[Link, error] {
	return iterate(ctx, q, func(s *store.Snapshot) iter.Seq2[Link, error] { return s.Graph(id, o) })
}
