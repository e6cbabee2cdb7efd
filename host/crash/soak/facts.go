package main

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
	"github.com/thawlog/thaw/host/typed"
)

// place says which event one is: the unit, which is one append, and the item within it.
type place struct {
	unit uint64
	item int
}

// packed is a place in one number, 0 for none.
func (p place) packed() uint64 { return p.unit<<4 | uint64(p.item+1) }

func unpack(n uint64) place { return place{n >> 4, int(n&15) - 1} }

func (p place) String() string { return fmt.Sprintf("%d.%d", p.unit, p.item) }

// mix is a number that follows from another one.
func mix(n uint64) uint64 {
	n ^= n >> 30
	n *= 0xbf58476d1ce4e5b9
	n ^= n >> 27
	n *= 0x94d049bb133111eb
	return n ^ n>>31
}

// size is the number of events of a unit.
func size(unit uint64) int {
	if mix(unit)%3 > 0 {
		return 1
	}
	return 1 + int(mix(unit)>>8%8)
}

// fact is the payload of every event.
type fact struct {
	Unit uint64
	Item int
	Data []byte
}

// The events have one Go type for each kind.
type (
	placed  fact
	paid    fact
	sent    fact
	passing fact
)

// The kinds. Retention drops the events of the last one.
const (
	placedKind  event.Kind = 0x1000
	passingKind event.Kind = 0x1003
)

var types = typed.Registry(
	typed.Event[placed](0x1000, "placed"),
	typed.Event[paid](0x1001, "paid"),
	typed.Event[sent](0x1002, "sent"),
	typed.Event[passing](0x1003, "passing"),
)

const unitMark = 0x50_a4_50_a4

// id is the key of an event.
func (p place) id() (id event.ID) {
	binary.BigEndian.PutUint32(id[:], unitMark)
	binary.BigEndian.PutUint32(id[4:], uint32(p.item))
	binary.BigEndian.PutUint64(id[8:], p.unit)
	return id
}

func placeOf(id event.ID) (p place, ok bool) {
	p = place{binary.BigEndian.Uint64(id[8:]), int(binary.BigEndian.Uint32(id[4:]))}
	return p, binary.BigEndian.Uint32(id[:]) == unitMark && p.item < size(p.unit)
}

func (p place) kind() event.Kind { return placedKind + event.Kind(mix(p.packed())%4) }

func (p place) at() event.Coordinate {
	n := mix(p.packed() + 7)
	return event.At(fmt.Sprint("entity:", n%300), fmt.Sprint("scope:", n>>16%5))
}

// data is the payload's.
func (p place) data() []byte {
	n := mix(p.packed() + 11)
	b := make([]byte, n%200)
	if n>>20%200 == 0 {
		b = make([]byte, 5000)
	}
	for i := range b {
		b[i] = byte(mix(n + uint64(i)))
	}
	return b
}

func (p place) value() any {
	f := fact{p.unit, p.item, p.data()}
	switch p.kind() {
	case placedKind:
		return placed(f)
	case passingKind:
		return passing(f)
	case 0x1001:
		return paid(f)
	}
	return sent(f)
}

// items are those of a unit.
func items(unit uint64) (all []host.Item) {
	for i := range size(unit) {
		p := place{unit, i}
		all = append(all, host.Item{At: p.at(), Kind: p.kind(), Payload: p.value(), Options: []host.AppendOption{
			host.WithKey(p.id()), host.Correlated(place{unit, 0}.id()),
		}})
	}
	return all
}

// known returns which event one is. It is an error if no writer appended such an event.
func known(e *event.Event) (place, error) {
	p, ok := placeOf(e.ID)
	if !ok || e.Coordinate != p.at() || e.Kind != p.kind() || e.Correlation != (place{p.unit, 0}.id()) {
		return p, fmt.Errorf("sequence %d: an event that was never appended: %+v", e.Sequence, e)
	}
	return p, nil
}

// whole is known for an event with its payload.
func whole(f *event.Full) (place, error) {
	p, err := known(&f.Event)
	if err != nil {
		return p, err
	}
	want, err := payload.Marshal(p.value())
	if err == nil && !bytes.Equal(want, f.Payload) {
		err = fmt.Errorf("sequence %d: event %v has another payload", f.Sequence, p)
	}
	return p, err
}

func (p place) passes() bool { return p.kind() == passingKind }

// order checks events in order of sequence: without a hole, and batches as a whole. Where
// retention is at work, events of the kind that it drops may be missing.
type order struct {
	lossy bool
	next  uint64 // the next sequence
	last  place
	some  bool
}

// see checks the next event.
func (o *order) see(sequence uint64, p place) error {
	if sequence < o.next || sequence > o.next && !o.lossy {
		return fmt.Errorf("sequence %d follows %d: a hole", sequence, o.next-1)
	}
	from := 0 // the items of p's unit that were not seen
	if o.some && p.unit == o.last.unit {
		from = o.last.item + 1
	} else if err := o.end(); err != nil {
		return fmt.Errorf("sequence %d: event %v: %w", sequence, p, err)
	}
	if p.item < from || !o.missing(p.unit, from, p.item) {
		return fmt.Errorf("sequence %d: event %v follows %v: half a batch", sequence, p, o.last)
	}
	o.next, o.last, o.some = sequence+1, p, true
	return nil
}

// missing reports whether the items from from up to to may be missing.
func (o *order) missing(unit uint64, from, to int) bool {
	for i := from; i < to; i++ {
		if !o.lossy || !(place{unit, i}).passes() {
			return false
		}
	}
	return true
}

// end checks that the last batch is whole.
func (o *order) end() error {
	if o.some && !o.missing(o.last.unit, o.last.item+1, size(o.last.unit)) {
		return fmt.Errorf("event %v is the last of its unit: half a batch", o.last)
	}
	return nil
}
