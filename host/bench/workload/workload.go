// Package workload generates the benchmark's events, the same for every engine, and the
// questions with their correct answers. Both depend only on a Spec, so that separate
// processes agree on them.
//
// Regular data has N/20 entities with 20 events each, in a random order over the whole
// store; an entity has one of 200 fixed scopes, and kinds are spread evenly. Zipf data
// draws entity, scope and kind for every event by Zipf's law with exponent 1.1: the first
// few have most of the events, and a long tail has one each. Streams data is regular data
// of entities with 10,000 events each, whose payloads are MessagePack maps: see Order.
//
// Event i has sequence i, a time of i ms after the first, the clock within its entity, and
// an id like UUIDv7. Every third is caused by the previous one. Hashes are random bytes,
// but an event's PrevHash is the Hash of its entity's last one. Engines that assign ids,
// times or hashes themselves ignore these.
package workload

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"github.com/thawlog/thaw/host/bench/engine"
)

// The sorts of data.
const (
	Regular = "regular"
	Zipf    = "zipf"
	Streams = "streams"
)

const (
	eventsPerEntity = 20
	eventsPerStream = 10_000
	scopes          = 200
	categories      = 3
	kinds           = 36
	exponent        = 1.1
	startMS         = 1_790_000_000_000
)

// Spec describes events: data, how many, and the seed of everything random.
type Spec struct {
	Data string `json:"data"`
	N    uint64 `json:"n"`
	Seed uint64 `json:"seed"`
}

// Check returns an error for an invalid Spec.
func (s Spec) Check() error {
	switch {
	case s.Data != Regular && s.Data != Zipf && s.Data != Streams:
		return fmt.Errorf("workload: no data %q", s.Data)
	case s.N < 1 || s.N > 1<<32-1:
		return fmt.Errorf("workload: %d events", s.N)
	}
	return nil
}

// entities returns the maximum number of entities.
func (s Spec) entities() uint64 { return max(s.N/uint64(s.perEntity()), 1) }

// perEntity returns the number of events of an entity, or in zipf data their mean.
func (s Spec) perEntity() int {
	if s.Data == Streams {
		return eventsPerStream
	}
	return eventsPerEntity
}

// entityName returns the name of entity number i.
func entityName(i uint64) string { return fmt.Sprintf("account:%08d", i) }

// scopeName returns the name of scope number i.
func scopeName(i uint64) string { return fmt.Sprintf("tenant:%03d", i) }

// kindOf returns kind number i of 36: category 1 to 3 in the upper four bits.
func kindOf(i uint64) uint16 {
	return uint16((1+i%categories)<<12 | (1 + i/categories))
}

// places returns for every event in turn the numbers of its entity, scope and kind.
type places struct {
	spec     Spec
	next     uint64
	order    permutation // regular: of the events; zipf: of the entities
	entities *rand.Zipf
	scopes   *rand.Zipf
	kinds    *rand.Zipf
}

type place struct{ entity, scope, kind uint64 }

func newPlaces(s Spec) *places {
	p := &places{spec: s}
	if s.Data != Zipf {
		p.order = newPermutation(s.N, s.Seed)
		return p
	}
	// Otherwise the largest entities would be neighbours in every sorted index.
	p.order = newPermutation(s.entities(), s.Seed)
	draw := func(stream, n uint64) *rand.Zipf {
		return rand.NewZipf(rand.New(rand.NewPCG(s.Seed, stream)), exponent, 1, n-1)
	}
	p.entities, p.scopes, p.kinds = draw(1, s.entities()), draw(2, scopes), draw(3, kinds)
	return p
}

func (p *places) draw() place {
	i := p.next
	p.next++
	if p.spec.Data == Zipf {
		return place{entity: p.order.of(p.entities.Uint64()), scope: p.scopes.Uint64(), kind: p.kinds.Uint64()}
	}
	entity := p.order.of(i) % p.spec.entities()
	return place{entity: entity, scope: entity % scopes, kind: mix(i^p.spec.Seed) % kinds}
}

// Events generates the events of a Spec in order of sequence.
type Events struct {
	places *places
	clock  []uint32 // of each entity's next event
	last   []uint32 // the entity's last event
}

// New returns a generator that starts with event 0. The Spec must be valid.
func New(s Spec) *Events {
	n := s.entities()
	return &Events{places: newPlaces(s), clock: make([]uint32, n), last: make([]uint32, n)}
}

// Next fills events with the next ones and returns their number: at the end fewer than
// len(events), then none. Calls share no memory.
func (g *Events) Next(events []engine.Event) int {
	n := int(min(uint64(len(events)), g.places.spec.N-g.places.next))
	for i := range events[:n] {
		g.fill(&events[i])
	}
	return n
}

func (g *Events) fill(e *engine.Event) {
	i := g.places.next
	at := g.places.draw()
	*e = engine.Event{
		Sequence: i,
		ID:       id(i),
		Entity:   entityName(at.entity),
		Scope:    scopeName(at.scope),
		Kind:     kindOf(at.kind),
		WallMS:   startMS + i,
		Clock:    g.clock[at.entity],
		Hash:     hash(i),
		Payload:  g.places.spec.Payload(i),
	}
	if e.Clock > 0 {
		e.PrevHash = hash(uint64(g.last[at.entity]))
	}
	if i%3 == 2 {
		e.Correlation, e.Causation = id(i-1), id(i-1)
	}
	g.clock[at.entity]++
	g.last[at.entity] = uint32(i)
}

// id returns event i's id, a UUIDv7.
func id(i uint64) (id engine.ID) {
	binary.BigEndian.PutUint64(id[:], (startMS+i)<<16|0x7000|mix(i)&0x0FFF)
	binary.BigEndian.PutUint64(id[8:], 1<<63|mix(^i)>>2)
	return id
}

func hash(i uint64) (h [32]byte) {
	for at := 0; at < len(h); at += 8 {
		i = mix(i)
		binary.LittleEndian.PutUint64(h[at:], i)
	}
	return h
}
