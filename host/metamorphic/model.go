package metamorphic

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/zeebo/blake3"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// model is the store that every configuration is compared with: a slice of events. Its
// answers are written down as plainly as possible, and it has no index.
type model struct {
	events   []event.Full          // never changed in place
	next     uint64                // the next sequence
	identity event.ID              // of the store: the id of its first event ever
	latest   map[string]event.Full // by entity, the event that the next one follows
	redacted map[uint64]bool       // by sequence
}

func newModel() *model {
	return &model{latest: map[string]event.Full{}, redacted: map[uint64]bool{}}
}

// add appends an event of which the caller has set what an append says, and returns it.
func (m *model) add(e event.Full) event.Full {
	e.Sequence = m.next
	m.next++
	e.Timed = true
	e.WallMS = uint64(e.TimestampUS / 1000)
	e.ContentHash = blake3.Sum256(e.Payload)
	e.EventHash = e.ContentHash
	e.PayloadSize = uint32(len(e.Payload))
	if last, ok := m.latest[e.Entity]; ok {
		e.Clock, e.PrevHash = last.Clock+1, last.EventHash
		e.WallMS = max(e.WallMS, last.WallMS)
	}
	if e.Correlation.IsZero() {
		e.Correlation = e.ID
	}
	if m.identity.IsZero() {
		m.identity = e.ID
	}
	m.events = append(m.events, e)
	m.latest[e.Entity] = e
	return e
}

// remove lets a compaction judge the events. An entity goes on after the last event that it
// still has.
func (m *model) remove(judge func(e event.Event) host.Verdict) {
	var left []event.Full
	for _, e := range m.events {
		switch judge(e.Event) {
		case host.DropEvent:
			continue
		case host.TombstoneEvent:
			e.Kind, e.Payload, e.PayloadSize = event.Tombstone, nil, 0
			e.Flags, e.Meta = e.Flags|event.FlagRedacted, event.Meta{}
			delete(m.redacted, e.Sequence) // a tombstone is read without an error
		case host.RedactEvent:
			m.redacted[e.Sequence] = true
		}
		left = append(left, e)
	}
	m.events, m.latest = left, map[string]event.Full{}
	for _, e := range left {
		m.latest[e.Entity] = e
	}
}

// find returns the event with an id.
func (m *model) find(id event.ID) (event.Full, bool) {
	for _, e := range m.events {
		if e.ID == id {
			return e, true
		}
	}
	return event.Full{}, false
}

// where returns the events for which holds says so.
func (m *model) where(holds func(e *event.Full) bool) (some []event.Full) {
	for i := range m.events {
		if holds(&m.events[i]) {
			some = append(some, m.events[i])
		}
	}
	return some
}

// in reports whether an event is in a region.
func in(r host.Region, e *event.Full) bool {
	low, high, _ := r.Clocks.Bounds()
	return (r.Entity == "" || r.Entity == e.Entity) && strings.HasPrefix(e.Entity, r.EntityPrefix) &&
		(r.Scope == "" || r.Scope == e.Scope) && r.Kinds.Has(e.Kind) && low <= e.Clock && e.Clock <= high &&
		(r.Since.IsZero() || e.TimestampUS >= r.Since.UnixMicro()) && (r.Until.IsZero() || e.TimestampUS < r.Until.UnixMicro())
}

// paged yields a page of events that are in order.
func paged(events []event.Full, reverse bool, limit int) iter.Seq2[event.Event, error] {
	if reverse {
		slices.Reverse(events)
	}
	if limit > 0 && len(events) > limit {
		events = events[:limit]
	}
	return func(yield func(event.Event, error) bool) {
		for _, e := range events {
			if !yield(e.Event, nil) {
				return
			}
		}
	}
}

func failed[T any](err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		yield(none, err)
	}
}

func (m *model) Query(_ context.Context, r host.Region, p host.Page) iter.Seq2[event.Event, error] {
	return paged(m.where(func(e *event.Full) bool {
		return in(r, e) && e.Sequence >= p.From && (p.To == 0 || e.Sequence < p.To)
	}), p.Reverse, p.Limit)
}

func (m *model) Count(_ context.Context, r host.Region, from uint64) (uint64, error) {
	return uint64(len(m.where(func(e *event.Full) bool { return in(r, e) && e.Sequence >= from }))), nil
}

func (m *model) Stream(_ context.Context, entity string, p host.StreamPage) iter.Seq2[event.Event, error] {
	return paged(m.where(func(e *event.Full) bool {
		return e.Entity == entity && e.Clock >= p.From && (p.To == 0 || e.Clock < p.To)
	}), p.Reverse, p.Limit)
}

func (m *model) State(_ context.Context, entity string) (s host.State, err error) {
	for i := range m.events {
		if e := &m.events[i]; e.Entity == entity {
			s = host.State{Some: true, Clock: e.Clock}
		}
	}
	return s, nil
}

func (m *model) At(_ context.Context, sequence uint64) (event.Event, error) {
	for i := range m.events {
		if m.events[i].Sequence == sequence {
			return m.events[i].Event, nil
		}
	}
	return event.Event{}, host.ErrNotFound
}

func (m *model) Get(_ context.Context, id event.ID) (event.Full, error) {
	if id.IsZero() {
		return event.Full{}, host.ErrZeroID
	}
	e, ok := m.find(id)
	switch {
	case !ok:
		return event.Full{}, host.ErrNotFound
	case m.redacted[e.Sequence]:
		return event.Full{}, host.ErrRedacted
	}
	return e, nil
}

func (m *model) Read(ctx context.Context, e event.Event) (event.Full, error) { return m.Get(ctx, e.ID) }

func (m *model) ReadEach(ctx context.Context, events iter.Seq2[event.Event, error]) iter.Seq2[event.Full, error] {
	return func(yield func(event.Full, error) bool) {
		for e, err := range events {
			if err != nil {
				yield(event.Full{}, err)
				return
			}
			full, err := m.Read(ctx, e)
			if err != nil { // it is redacted, and the loop may go on
				full = event.Full{Event: e}
			}
			if !yield(full, err) {
				return
			}
		}
	}
}

// causes returns the causes of an event, nearest first.
func (m *model) causes(e event.Full, depth int) (all []event.Full) {
	seen := map[event.ID]bool{e.ID: true}
	for depth <= 0 || len(all) < depth {
		cause, ok := m.find(e.Causation)
		if !ok || seen[cause.ID] {
			break
		}
		seen[cause.ID] = true
		all, e = append(all, cause), cause
	}
	return all
}

// effects returns the events that an event caused by their distance, from 1 on.
func (m *model) effects(id event.ID, depth int) (levels [][]event.Full) {
	seen, level := map[event.ID]bool{id: true}, map[event.ID]bool{id: true}
	for depth <= 0 || len(levels) < depth {
		next := m.where(func(e *event.Full) bool { return level[e.Causation] && !seen[e.ID] })
		if len(next) == 0 {
			break
		}
		level = map[event.ID]bool{}
		for _, e := range next {
			level[e.ID], seen[e.ID] = true, true
		}
		levels = append(levels, next)
	}
	return levels
}

func (m *model) Ancestors(ctx context.Context, id event.ID, depth int) iter.Seq2[event.Event, error] {
	e, ok := m.find(id)
	if !ok {
		_, err := m.Get(ctx, id)
		return failed[event.Event](err)
	}
	return paged(m.causes(e, depth), false, 0)
}

func (m *model) Effects(ctx context.Context, id event.ID, depth int) iter.Seq2[event.Event, error] {
	if id.IsZero() {
		return failed[event.Event](host.ErrZeroID)
	}
	all := slices.Concat(m.effects(id, depth)...)
	if _, ok := m.find(id); !ok && len(all) == 0 {
		return failed[event.Event](host.ErrNotFound)
	}
	return paged(all, false, 0)
}

func (m *model) Correlated(_ context.Context, id event.ID) iter.Seq2[event.Event, error] {
	if id.IsZero() {
		return failed[event.Event](host.ErrZeroID)
	}
	return paged(m.where(func(e *event.Full) bool { return e.Correlation == id }), false, 0)
}

func (m *model) Graph(ctx context.Context, id event.ID, o host.GraphOptions) iter.Seq2[host.Link, error] {
	if id.IsZero() {
		return failed[host.Link](host.ErrZeroID)
	}
	self, ok := m.find(id)
	var links []host.Link
	if ok {
		links = append(links, host.Link{Full: self})
		if o.Direction != host.EffectsOnly {
			for i, e := range m.causes(self, o.Depth) {
				links = append(links, host.Link{Full: e, Distance: -1 - i})
			}
		}
	}
	if o.Direction != host.CausesOnly {
		for i, level := range m.effects(id, o.Depth) {
			for _, e := range level {
				links = append(links, host.Link{Full: e, Distance: 1 + i})
			}
		}
	}
	if len(links) == 0 {
		return failed[host.Link](host.ErrNotFound)
	}
	if o.Limit > 0 && len(links) > o.Limit {
		links = links[:o.Limit]
	}
	return func(yield func(host.Link, error) bool) {
		for _, l := range links {
			if o.Payloads && m.redacted[l.Sequence] {
				if !yield(host.Link{}, host.ErrRedacted) {
					return
				}
				continue
			}
			if !yield(l, nil) {
				return
			}
		}
	}
}

// extents returns the extent of the events of each key.
func extents[K comparable](m *model, key func(e *event.Full) K) map[K]host.Extent {
	all := map[K]host.Extent{}
	for i := range m.events {
		e := &m.events[i]
		x := all[key(e)]
		if x.Events == 0 {
			x.FirstSequence, x.FirstWallMS = e.Sequence, e.WallMS
		}
		x.Events++
		x.LastSequence, x.LastWallMS = e.Sequence, e.WallMS
		all[key(e)] = x
	}
	return all
}

func (m *model) names(prefix string, p host.NamePage, key func(e *event.Full) string) iter.Seq2[host.NameSummary, error] {
	all := extents(m, key)
	return func(yield func(host.NameSummary, error) bool) {
		n := 0
		for _, name := range slices.Sorted(maps.Keys(all)) {
			if !strings.HasPrefix(name, prefix) || name <= p.After || p.Limit > 0 && n == p.Limit {
				continue
			}
			n++
			if !yield(host.NameSummary{Name: name, Extent: all[name]}, nil) {
				return
			}
		}
	}
}

func (m *model) Entities(_ context.Context, prefix string, p host.NamePage) iter.Seq2[host.NameSummary, error] {
	return m.names(prefix, p, func(e *event.Full) string { return e.Entity })
}

func (m *model) Scopes(_ context.Context, prefix string, p host.NamePage) iter.Seq2[host.NameSummary, error] {
	return m.names(prefix, p, func(e *event.Full) string { return e.Scope })
}

func (m *model) Kinds(context.Context) iter.Seq2[host.KindSummary, error] {
	all := extents(m, func(e *event.Full) event.Kind { return e.Kind })
	return func(yield func(host.KindSummary, error) bool) {
		for _, k := range slices.Sorted(maps.Keys(all)) {
			if !yield(host.KindSummary{Kind: k, Extent: all[k]}, nil) {
				return
			}
		}
	}
}

func (m *model) Position(context.Context) (p host.Position, err error) {
	return host.Position{Store: m.identity, Sequence: m.next}, nil
}

func (m *model) Report() host.Report {
	return host.Report{Events: uint64(len(m.events)), NextSequence: m.next}
}

var _ host.Reader = (*model)(nil)
