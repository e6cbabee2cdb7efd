package commit

import (
	"math"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
)

// MaxRegions is the largest number of regions in a condition.
const MaxRegions = 64

// Condition is what an append requires of the events before it: that no visible event
// with a sequence of at least From is in any of the regions. The events before it are the
// committed ones, those staged earlier, and the earlier items of the same batch.
type Condition struct {
	// From is the lowest sequence that counts.
	From uint64
	// Check, unless nil, returns why From is no sequence of this store: store is the id of
	// the store's first event, zero for none, and end is the sequence after the last
	// committed event. Its error refuses the append.
	Check func(store event.ID, end uint64) error
	// Regions are 1 to MaxRegions; see [CheckRegions].
	Regions []query.Region
}

// CheckRegions returns why regions cannot be those of a condition, or nil: there are none
// ([ErrNoRegion]), more than [MaxRegions] (a [*LimitError]), or one asks for what a record
// does not have, such as the event's own time ([ErrRegion]).
func CheckRegions(regions []query.Region) error {
	switch {
	case len(regions) == 0:
		return ErrNoRegion
	case len(regions) > MaxRegions:
		return &LimitError{What: "regions of a condition", Got: uint64(len(regions)), Max: MaxRegions}
	}
	for i := range regions {
		r := &regions[i]
		// A field that is not listed here would be ignored, and the condition would hold
		// where it must not.
		judged := query.Region{Entity: r.Entity, EntityPrefix: r.EntityPrefix, Scope: r.Scope, Kinds: r.Kinds, Clocks: r.Clocks}
		if judged != *r {
			return ErrRegion
		}
	}
	return nil
}

// holds returns nil if the condition holds, and a *[ConditionError] if an event is in one
// of its regions.
func (l *Log) holds(c *Condition) error {
	if err := l.checkFrom(c); err != nil {
		return err
	}
	region, first := -1, Known{}
	for i := range c.Regions {
		k, ok, err := l.firstIn(&c.Regions[i], c.From)
		if err != nil {
			return err
		}
		if ok && (region < 0 || k.Sequence < first.Sequence) {
			region, first = i, k
		}
	}
	if region < 0 {
		return nil
	}
	return &ConditionError{
		From: c.From, Region: region,
		ID: first.ID, Sequence: first.Sequence, At: first.Coordinate, Kind: first.Kind,
	}
}

func (l *Log) checkFrom(c *Condition) error {
	if c.Check == nil {
		return nil
	}
	if !l.identity.IsZero() && c.Check(l.identity, l.First()) == nil {
		return nil
	}
	// Ask again before refusing: the history may have lost the first event meanwhile, and
	// then it gives positions with another identity.
	id, err := l.history.Identity()
	if err != nil {
		return err
	}
	if id.IsZero() && l.committed.draft.Records() > 0 { // the history is empty
		id = l.draft.At(0).ID()
	}
	l.identity = id
	return c.Check(id, l.First())
}

// defaultSteps bounds the records in the draft that are compared with a region before the
// history is asked, which has an index.
const defaultSteps = 256

// fewSteps is the number of records that are sooner compared again than remembered.
const fewSteps = 16

// firstIn returns the visible event with the lowest sequence of at least from in a region.
func (l *Log) firstIn(r *query.Region, from uint64) (k Known, ok bool, err error) {
	first := from
	from = l.searched.skip(r, from)
	cheap := from == first
	if start := l.next - uint64(l.draft.Len()); from < start {
		cheap = false
		var end uint64
		if k, ok, end, err = l.history.FirstIn(r, from, start); ok || err != nil {
			return k, ok, err
		}
		from = max(start, end)
	}
	record, found, steps := l.search(r, from, l.maxSteps)
	if steps > l.maxSteps {
		if committed := l.First(); from < committed {
			var end uint64
			if k, ok, end, err = l.history.FirstIn(r, from, committed); ok || err != nil {
				return k, ok, err
			}
			from = max(from, end)
		}
		record, found, _ = l.search(r, from, math.MaxInt)
	}
	if found {
		return l.known(record), true, nil
	}
	if !cheap || steps > fewSteps {
		l.searched.add(r, first, l.next)
	}
	return Known{}, false, nil
}

// search returns the first record of the draft with a sequence of at least from in a
// region. After most records it gives up, and steps is above most.
func (l *Log) search(r *query.Region, from uint64, most int) (record int, found bool, steps int) {
	n := l.draft.Len()
	if from >= l.next {
		return 0, false, 0
	}
	oldest := n - int(l.next-from)
	m, ok := l.matcher(r)
	if !ok {
		return 0, false, 0
	}
	if m.entity == 0 && m.scope == 0 {
		for i := oldest; i < n; i++ {
			if steps++; steps > most {
				return 0, false, steps
			}
			if m.has(l, i) {
				return i, true, steps
			}
		}
		return 0, false, steps
	}
	l.links.extend()
	chain, number := &l.links.entities, m.entity
	if number == 0 {
		chain, number = &l.links.scopes, m.scope
	}
	for i := chain.latest(number); i >= oldest; i = chain.before(i) {
		if steps++; steps > most {
			return 0, false, steps
		}
		if m.has(l, i) {
			record, found = i, true // an older one may follow
		}
	}
	return record, found, steps
}

// matcher compares records of the draft with a region.
type matcher struct {
	region *query.Region
	// entity and scope are the numbers of the region's names, 0 for any.
	entity, scope uint32
	low, high     uint32 // of the clocks
	prefix        string // that is not yet known to be the entity's
}

// matcher returns a matcher; ok is false if no record of the draft is in the region.
func (l *Log) matcher(r *query.Region) (m matcher, ok bool) {
	m.region, m.prefix = r, r.EntityPrefix
	m.low, m.high, _ = r.Clocks.Bounds()
	if r.Entity != "" {
		if m.entity, ok = l.find(r.Entity); !ok {
			return m, false
		}
	}
	if r.Scope != "" {
		if m.scope, ok = l.find(r.Scope); !ok {
			return m, false
		}
	}
	return m, true
}

func (m *matcher) has(l *Log, record int) bool {
	r := l.draft.At(record)
	if m.entity != 0 && r.Entity() != m.entity || m.scope != 0 && r.Scope() != m.scope || !m.region.Kinds.Has(r.Kind()) {
		return false
	}
	if clock := r.Clock(); clock < m.low || clock > m.high {
		return false
	}
	return m.prefix == "" || hasPrefix(l.draft.Name(r.Entity()), m.prefix)
}

func hasPrefix(name []byte, prefix string) bool {
	return len(name) >= len(prefix) && string(name[:len(prefix)]) == prefix
}

// find returns the number of a name in the draft.
func (l *Log) find(name string) (uint32, bool) {
	if len(name) > event.MaxName {
		return 0, false
	}
	l.name = append(l.name[:0], name...)
	return l.draft.Find(l.name)
}

// searched remembers regions without an event, so that a condition that many appends have
// is not judged from its beginning each time. It keeps the last few.
type searched struct {
	list [8]searchedRegion
	next int // to replace
}

// searchedRegion is a region without a visible event from sequence from up to to.
type searchedRegion struct {
	region   query.Region
	from, to uint64
}

// skip returns the sequence from which a search that would begin at from must begin.
func (s *searched) skip(r *query.Region, from uint64) uint64 {
	for i := range s.list {
		if k := &s.list[i]; k.from <= from && from < k.to && k.region == *r {
			from = k.to
		}
	}
	return from
}

func (s *searched) add(r *query.Region, from, to uint64) {
	for i := range s.list {
		if k := &s.list[i]; k.region == *r && k.from <= from && k.to >= from {
			k.to = max(k.to, to)
			return
		}
	}
	s.list[s.next] = searchedRegion{region: *r, from: from, to: to}
	s.next = (s.next + 1) % len(s.list)
}

// truncate forgets what was learnt of the sequences from next on.
func (s *searched) truncate(next uint64) {
	for i := range s.list {
		s.list[i].to = min(s.list[i].to, next)
	}
}
