package workload

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"slices"
)

// Samples is the maximum number of entities and sequences to query.
const Samples = 200

// Answer identifies a correct answer.
type Answer struct {
	Hits     int    `json:"hits"`
	Checksum string `json:"checksum"` // see checksum
}

// Named is an entity or scope to query.
type Named struct {
	Name string `json:"name"`
	Answer
}

// OfKind is a kind to query.
type OfKind struct {
	Kind uint16 `json:"kind"`
	Answer
}

// Questions are the questions about a store.
type Questions struct {
	Entities  []Named  `json:"entities"`  // with 20 events, in streams data 10,000, or the nearest number
	Scope     Named    `json:"scope"`     // with about a 200th of all events
	Kind      OfKind   `json:"kind"`      // with about a 36th
	Sequences []uint64 `json:"sequences"` // to query by sequence, and by their ids
}

// checksum returns FNV-1a, 64 bits, over sequences in the given order, each as eight
// little-endian bytes, in sixteen hex digits. batpak-peer prints the same.
func checksum(sequences []uint64) string {
	h := fnv.New64a()
	var b [8]byte
	for _, s := range sequences {
		binary.LittleEndian.PutUint64(b[:], s)
		h.Write(b[:])
	}
	const digits = "0123456789abcdef"
	var text [16]byte
	for i, c := range h.Sum(nil) {
		text[2*i], text[2*i+1] = digits[c>>4], digits[c&15]
	}
	return string(text[:])
}

// AnswerOf returns the answer with these sequences.
func AnswerOf(sequences []uint64) Answer {
	return Answer{Hits: len(sequences), Checksum: checksum(sequences)}
}

// Ask chooses the questions and answers them in two passes over all events. It holds a
// number per entity and the hits.
func Ask(s Spec) Questions {
	entityCounts := make([]int, s.entities())
	scopeCounts := make([]int, scopes)
	kindCounts := make([]int, kinds)
	p := newPlaces(s)
	for range s.N {
		at := p.draw()
		entityCounts[at.entity]++
		scopeCounts[at.scope]++
		kindCounts[at.kind]++
	}
	n := int(s.N)
	chosen := nearest(entityCounts, s.perEntity(), Samples, s.Seed)
	scope := nearest(scopeCounts, n/scopes, 1, s.Seed)[0]
	kind := nearest(kindCounts, n/kinds, 1, s.Seed)[0]

	hits := make(map[uint64][]uint64, len(chosen))
	for _, e := range chosen {
		hits[e] = make([]uint64, 0, entityCounts[e])
	}
	var ofScope, ofKind []uint64
	p = newPlaces(s)
	for i := range s.N {
		at := p.draw()
		if sequences, ok := hits[at.entity]; ok {
			hits[at.entity] = append(sequences, i)
		}
		if at.scope == scope {
			ofScope = append(ofScope, i)
		}
		if at.kind == kind {
			ofKind = append(ofKind, i)
		}
	}
	q := Questions{
		Scope: Named{Name: scopeName(scope), Answer: AnswerOf(ofScope)},
		Kind:  OfKind{Kind: kindOf(kind), Answer: AnswerOf(ofKind)},
	}
	for _, e := range chosen {
		q.Entities = append(q.Entities, Named{Name: entityName(e), Answer: AnswerOf(hits[e])})
	}
	order := newPermutation(s.N, s.Seed+1)
	for i := range min(s.N, Samples) {
		q.Sequences = append(q.Sequences, order.of(i))
	}
	return q
}

// nearest chooses up to want of the numbers whose nonzero counts are nearest to target, in
// a random order, so that neither names nor positions follow from the choice.
func nearest(counts []int, target, want int, seed uint64) []uint64 {
	var numbers []uint64
	for i, n := range counts {
		if n > 0 {
			numbers = append(numbers, uint64(i))
		}
	}
	off := func(i uint64) int { return max(counts[i]-target, target-counts[i]) }
	slices.SortFunc(numbers, func(a, b uint64) int {
		return cmp.Or(cmp.Compare(off(a), off(b)), cmp.Compare(mix(a^seed), mix(b^seed)))
	})
	return numbers[:min(want, len(numbers))]
}
