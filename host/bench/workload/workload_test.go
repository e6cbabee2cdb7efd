package workload

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/thawlog/thaw/host/bench/engine"
)

func collect(s Spec, batch int) (all []engine.Event) {
	g := New(s)
	events := make([]engine.Event, batch)
	for {
		n := g.Next(events)
		if n == 0 {
			return all
		}
		all = append(all, events[:n]...)
	}
}

func TestBatchesMakeNoDifference(t *testing.T) {
	for _, data := range []string{Regular, Zipf} {
		s := Spec{data, 2345, 1}
		a, b := collect(s, 1000), collect(s, 7)
		if len(a) != 2345 || !reflect.DeepEqual(a, b) {
			t.Errorf("%s: the same Spec made other events", data)
		}
		if c := collect(Spec{data, 2345, 2}, 1000); a[0].Entity == c[0].Entity && a[1].Entity == c[1].Entity && a[2].Entity == c[2].Entity {
			t.Errorf("%s: the seed makes no difference", data)
		}
	}
}

func TestEventsAreWhatTheyShouldBe(t *testing.T) {
	for _, data := range []string{Regular, Zipf} {
		last := map[string]engine.Event{}
		ids := map[engine.ID]bool{}
		size := 0
		events := collect(Spec{data, 20_000, 1}, 1000)
		for i, e := range events {
			p, found := last[e.Entity]
			if e.Sequence != uint64(i) || found && (e.Clock != p.Clock+1 || e.PrevHash != p.Hash) || !found && (e.Clock != 0 || e.PrevHash != [32]byte{}) {
				t.Fatalf("%s: event %d does not continue its entity", data, i)
			}
			if e.Payload[0] != 0xC4 || len(e.Payload) != 2+int(e.Payload[1]) || !bytes.Equal(e.Payload, Payload(e.Sequence)) {
				t.Fatalf("%s: event %d has payload %x", data, i, e.Payload)
			}
			if c := e.Kind >> 12; c < 1 || c > 3 || e.Kind&0xFFF < 1 || e.Kind&0xFFF > 12 {
				t.Fatalf("%s: event %d has kind %x", data, i, e.Kind)
			}
			if (e.Causation != engine.ID{}) != (i%3 == 2) || i%3 == 2 && e.Causation != events[i-1].ID {
				t.Fatalf("%s: event %d has cause %x", data, i, e.Causation)
			}
			size += len(e.Payload)
			ids[e.ID] = true
			last[e.Entity] = e
		}
		if len(ids) != len(events) {
			t.Errorf("%s: %d ids", data, len(ids))
		}
		if mean := size / len(events); mean < 118 || mean > 124 {
			t.Errorf("%s: payloads have %d bytes", data, mean)
		}
	}
}

func TestRegularEntitiesHaveTwentyEventsAllOverTheStore(t *testing.T) {
	counts := map[string]int{}
	far := 0
	last := map[string]uint64{}
	for _, e := range collect(Spec{Regular, 20_000, 1}, 1000) {
		counts[e.Entity]++
		if e.Sequence-last[e.Entity] > 2000 {
			far++
		}
		last[e.Entity] = e.Sequence
	}
	for name, n := range counts {
		if n != 20 {
			t.Errorf("%s has %d events", name, n)
		}
	}
	if len(counts) != 1000 || far < 1000 {
		t.Errorf("%d entities; %d gaps above 2,000", len(counts), far)
	}
}

func TestAnswersAreRight(t *testing.T) {
	for _, s := range []Spec{{Regular, 20_000, 1}, {Zipf, 20_000, 1}, {Regular, 1, 1}, {Zipf, 1, 1}, {Regular, 19, 1}} {
		q := Ask(s)
		sequences := map[any][]uint64{}
		for _, e := range collect(s, 1000) {
			for _, key := range []any{"e" + e.Entity, "s" + e.Scope, e.Kind} {
				sequences[key] = append(sequences[key], e.Sequence)
			}
		}
		check := func(key any, a Answer) {
			if want := AnswerOf(sequences[key]); a != want || a.Hits == 0 {
				t.Errorf("%v: %v: %v, want %v", s, key, a, want)
			}
		}
		for _, e := range q.Entities {
			check("e"+e.Name, e.Answer)
		}
		if first := q.Entities[0]; s.N == 20_000 && (first.Hits < 18 || first.Hits > 22) {
			t.Errorf("%v: %s has %d events", s, first.Name, first.Hits)
		}
		check("s"+q.Scope.Name, q.Scope.Answer)
		check(q.Kind.Kind, q.Kind.Answer)
		if s.N == 20_000 && (len(q.Sequences) != Samples || len(q.Entities) < 50) {
			t.Errorf("%v: %d sequences, %d entities", s, len(q.Sequences), len(q.Entities))
		}
	}
}

func TestPermutationIsOne(t *testing.T) {
	for _, n := range []uint64{1, 2, 3, 5, 64, 1000, 4097} {
		seen := make([]bool, n)
		for i := range n {
			j := newPermutation(n, 7).of(i)
			if j >= n || seen[j] {
				t.Fatalf("of %d: %d goes to %d", n, i, j)
			}
			seen[j] = true
		}
	}
}

func TestChecksumIsFNV(t *testing.T) {
	if got := checksum(nil); got != "cbf29ce484222325" {
		t.Error(got)
	}
}

func BenchmarkEvents(b *testing.B) {
	for _, data := range []string{Regular, Zipf} {
		b.Run(data, func(b *testing.B) {
			events := make([]engine.Event, 1)
			g := New(Spec{data, 1<<32 - 1, 1})
			for b.Loop() {
				g.Next(events)
			}
		})
	}
}
