package main

import (
	"bytes"
	"encoding/hex"
	"fmt"

	"github.com/thawlog/thaw/host/bench/engine"
	"github.com/thawlog/thaw/host/bench/workload"
)

// The kinds of questions, in the order of the report.
var kinds = []string{"entity", "stream", "id", "sequence", "scope", "kind"}

// ask is one question with its correct answer.
type ask struct {
	What     string `json:"what"`
	Name     string `json:"name,omitempty"` // of an entity or scope
	Kind     uint16 `json:"kind,omitempty"`
	ID       string `json:"id,omitempty"` // hex
	Sequence uint64 `json:"sequence,omitempty"`
	workload.Answer
}

// asksOf returns every question of a kind. ids are those of q.Sequences.
func asksOf(what string, q *workload.Questions, ids []string) (asks []ask) {
	switch what {
	case "entity", "stream":
		for _, e := range q.Entities {
			asks = append(asks, ask{What: what, Name: e.Name, Answer: e.Answer})
		}
	case "scope":
		asks = append(asks, ask{What: what, Name: q.Scope.Name, Answer: q.Scope.Answer})
	case "kind":
		asks = append(asks, ask{What: what, Kind: q.Kind.Kind, Answer: q.Kind.Answer})
	case "id":
		for i, s := range q.Sequences {
			asks = append(asks, ask{What: what, ID: ids[i], Sequence: s})
		}
	case "sequence":
		for _, s := range q.Sequences {
			asks = append(asks, ask{What: what, Sequence: s})
		}
	}
	return asks
}

// asked is a prepared question, so that only the engine's work is timed.
type asked struct {
	ask
	id       engine.ID
	hits     []uint64
	payloads []byte // of "stream", one after the other
	event    engine.Event
}

func (a ask) ready() (*asked, error) {
	r := &asked{ask: a, hits: make([]uint64, 0, a.Hits)}
	if a.What == "stream" {
		r.payloads = make([]byte, 0, a.Hits*workload.MaxPayload)
	}
	id, err := hex.DecodeString(a.ID)
	copy(r.id[:], id)
	return r, err
}

// put asks the question; its time is measured.
func (a *asked) put(r engine.Reader) (err error) {
	switch a.What {
	case "entity":
		return r.Entity(a.Name, a.hit)
	case "stream":
		return r.Stream(a.Name, a.hitWithPayload)
	case "scope":
		return r.Scope(a.Name, a.hit)
	case "kind":
		return r.Kind(a.Kind, a.hit)
	case "id":
		a.event, err = r.ByID(a.id)
	case "sequence":
		a.event, err = r.BySequence(a.Sequence)
	}
	return err
}

func (a *asked) hit(e engine.Event) { a.hits = append(a.hits, e.Sequence) }

func (a *asked) hitWithPayload(e engine.Event) {
	a.hit(e)
	a.payloads = append(a.payloads, e.Payload...)
}

// check returns an error if the answer was wrong, and clears it.
func (a *asked) check() error {
	defer func() { a.hits, a.payloads, a.event = a.hits[:0], a.payloads[:0], engine.Event{} }()
	switch a.What {
	case "stream":
		var want []byte
		for _, s := range a.hits {
			want = append(want, workload.Payload(s)...)
		}
		if !bytes.Equal(a.payloads, want) {
			return fmt.Errorf("stream %s: other payloads", a.Name)
		}
	case "id", "sequence":
		if a.event.Sequence != a.Sequence || a.event.Entity == "" {
			return fmt.Errorf("by %s: got event %d, want %d", a.What, a.event.Sequence, a.Sequence)
		}
		if a.What == "id" && (a.event.ID != a.id || !bytes.Equal(a.event.Payload, workload.Payload(a.Sequence))) {
			return fmt.Errorf("by id: event %d has id %x and payload %x", a.Sequence, a.event.ID, a.event.Payload)
		}
		return nil
	}
	if got := workload.AnswerOf(a.hits); got != a.Answer {
		return fmt.Errorf("%s %s %x: got %d hits with checksum %s, want %d with %s",
			a.What, a.Name, a.Kind, got.Hits, got.Checksum, a.Hits, a.Checksum)
	}
	return nil
}
