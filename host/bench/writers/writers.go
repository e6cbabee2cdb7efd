// Package writers is the engines that writebench compares, each behind the same four calls. Every engine can afterwards
// answer the same five questions: by number, by id, by entity, by scope, by kind.
package writers

import (
	"encoding/binary"
	"fmt"
)

// Event is what all engines write.
type Event struct {
	Number        uint64
	ID            [16]byte
	Entity, Scope string
	Kind          uint16
	Payload       []byte
}

// Make is event i: one of 5,000 entities and 16 scopes, one of 9 kinds, and a payload of 150 bytes of MessagePack.
func Make(i uint64) Event {
	e := Event{
		Number: i,
		Entity: fmt.Sprintf("account:%06d", i*7919%5000),
		Scope:  fmt.Sprintf("tenant:%03d", i*7919%5000%16),
		Kind:   0x1001 + uint16(i*0x9E37_79B9_7F4A_7C15>>61),
	}
	binary.BigEndian.PutUint64(e.ID[:], 0x0190_0000_0000_7000+i)
	binary.BigEndian.PutUint64(e.ID[8:], i*0x9E37_79B9_7F4A_7C15|1<<63)
	e.Payload = append(make([]byte, 0, 150), 0xc4, 148)
	for k := uint64(0); len(e.Payload) < 150; k++ {
		e.Payload = append(e.Payload, byte((i+k)*0x9E37_79B9_7F4A_7C15>>56))
	}
	return e
}

// Writer is an engine's store, opened for writing.
type Writer interface {
	// Batch writes events that exist together, durably, in one call.
	Batch(events []Event) error
	// One writes one event; many goroutines may. Whether it is durable when it returns was said to Open.
	One(e *Event) error
	Close() error
}

// Engine opens stores.
type Engine struct {
	Name string
	// How says which settings it has.
	How string
	// Open makes a store in the empty directory dir. synced says that every write is on disk when it returns.
	Open func(dir string, synced bool) (Writer, error)
}

// Engines are all of them; the first is the one that is compared with the rest.
var Engines = []Engine{thawEngine, badgerEngine, bboltEngine, sqliteEngine}

// value is what the key-value engines keep under the number: everything but the number.
func value(e *Event) []byte {
	b := make([]byte, 0, 16+2+2+len(e.Entity)+len(e.Scope)+len(e.Payload))
	b = append(b, e.ID[:]...)
	b = binary.BigEndian.AppendUint16(b, e.Kind)
	b = append(append(b, byte(len(e.Entity))), e.Entity...)
	b = append(append(b, byte(len(e.Scope))), e.Scope...)
	return append(b, e.Payload...)
}

// Prefixes of the keys in one key space: what follows is said beside each.
const (
	byNumber = 'n' // number, 8 bytes big-endian
	byID     = 'i' // id -> number
	byEntity = 'e' // name, 0, number
	byScope  = 's' // name, 0, number
	byKind   = 'k' // kind, 2 bytes, number
)

// pairs gives every key of an event, with its value.
func pairs(e *Event, put func(key, value []byte) error) error {
	number := binary.BigEndian.AppendUint64(nil, e.Number)
	named := func(prefix byte, name string) []byte {
		return append(append(append([]byte{prefix}, name...), 0), number...)
	}
	kind := binary.BigEndian.AppendUint16([]byte{byKind}, e.Kind)
	for _, p := range []struct{ key, value []byte }{
		{append([]byte{byNumber}, number...), value(e)},
		{append([]byte{byID}, e.ID[:]...), number},
		{named(byEntity, e.Entity), nil},
		{named(byScope, e.Scope), nil},
		{append(kind, number...), nil},
	} {
		if err := put(p.key, p.value); err != nil {
			return err
		}
	}
	return nil
}
