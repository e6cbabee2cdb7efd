// Package writers is what the write benchmark asks of every store: the same events, in batches or one by one, on disk
// before the call returns or not.
package writers

import (
	"context"

	"github.com/thawlog/thaw/host/bench/workload"
)

// Event is one event to write. A store that gives out numbers and times does it itself.
type Event struct {
	// ID is for stores that leave ids to their caller. thaw makes its own, which is part of what is measured.
	ID [16]byte
	// Cause is the id of the event that caused this one and begins its conversation, or zero.
	Cause         [16]byte
	Entity, Scope string
	Kind          uint16
	Payload       []byte // one MessagePack value
}

// Writer is a store that is open for writing. Batch is for one goroutine, One for any number.
type Writer interface {
	// Batch writes events that exist together or not at all.
	Batch(ctx context.Context, events []Event) error
	// One writes one event.
	One(ctx context.Context, event *Event) error
	Close() error
}

// Engine is one store that can be measured.
type Engine struct {
	Name string
	// What says how it is set up, in a few words.
	What string
	// Open makes a store in dir, an empty directory. With synced, a call that returned nil survives power loss; without,
	// it survives the end of the process as far as the engine offers that.
	Open func(dir string, synced bool) (Writer, error)
	// Count opens the store in dir anew and counts its events, once in every index.
	Count func(dir string) (int, error)
}

// startMS is the time of event 0 in ms since the Unix epoch; a thousand events later it is one ms later.
const startMS = 1_790_000_000_000

// Events makes the n events of the workload, and the bytes of their payloads together.
func Events(n int) (events []Event, payload int64) {
	names := map[string]string{} // one string a name, as a program that has it from somewhere would
	intern := func(s string) string {
		if t, ok := names[s]; ok {
			return t
		}
		names[s] = s
		return s
	}
	events = make([]Event, n)
	for k := range events {
		i, e := uint64(k), &events[k]
		*e = Event{
			ID:      workload.ID(i, startMS+i/1000),
			Entity:  intern(workload.Entity(i, uint64(n))),
			Scope:   intern(workload.Scope(i, uint64(n))),
			Kind:    workload.Kind(i),
			Payload: workload.AppendOrder(nil, i),
		}
		if workload.IsReaction(i) {
			e.Cause = events[k-1].ID
		}
		payload += int64(len(e.Payload))
	}
	return events, payload
}
