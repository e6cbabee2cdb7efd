// Package workload says which events every peer holds, as functions of an event's number.
// host/interop/batpak/src/workload.rs says the same in Rust; change both or neither, and raise Version.
//
// Event i of n has global sequence i. Its entity is one of n/1000, its scope follows from the entity, its kind is
// scattered over eight, every third event is caused by and correlated with the one before, and its payload is
// {"amount": 37*i, "n": i, "note": "transfer"} in MessagePack with smallest integers. Ids and clocks are the writer's own.
package workload

import (
	"encoding/binary"
	"fmt"
)

// Version names this workload in the cache, so that a store of another one is not reused.
const Version = 1

const (
	eventsPerEntity = 1000
	scopes          = 16
)

// Entities is the number of entities in a store of n events.
func Entities(n uint64) uint64 { return max(n/eventsPerEntity, 1) }

// Entity names event i's entity. 7919 is prime, so each run of Entities(n) events touches every entity once, in an
// order that strides through them and shifts by one each round.
func Entity(i, n uint64) string { return EntityName(entity(i, n)) }

// EntityName is the name of entity number e.
func EntityName(e uint64) string { return fmt.Sprintf("account:%06d", e) }

// Scope names event i's scope.
func Scope(i, n uint64) string { return fmt.Sprintf("tenant:%03d", entity(i, n)%scopes) }

func entity(i, n uint64) uint64 {
	count := Entities(n)
	return (i*7919 + i/count) % count
}

// Kind is 0x1001 to 0x1004 or 0x2001 to 0x2004, scattered by a multiplicative hash so that it follows no entity.
func Kind(i uint64) uint16 {
	k := uint16(i * 0x9E37_79B9_7F4A_7C15 >> 61)
	return (1+k/4)<<12 | (1 + k%4)
}

// IsReaction reports whether event i is caused by, and correlated with, event i-1.
func IsReaction(i uint64) bool { return i%3 == 2 }

// AppendPayload appends event i's payload to dst.
func AppendPayload(dst []byte, i uint64) []byte {
	dst = append(dst, 0x83, 0xA6)
	dst = append(dst, "amount"...)
	dst = appendUint(dst, 37*i)
	dst = append(dst, 0xA1, 'n')
	dst = appendUint(dst, i)
	dst = append(dst, 0xA4)
	dst = append(dst, "note"...)
	dst = append(dst, 0xA8)
	return append(dst, "transfer"...)
}

// AppendOrder appends what the write benchmark has for event i's payload: the members of AppendPayload and the text of an
// order behind them, 127 to 190 bytes in all. The letters differ from event to event, so that nothing gains by compression
// what real texts would not give.
func AppendOrder(dst []byte, i uint64) []byte {
	at := len(dst)
	dst = AppendPayload(dst, i)
	dst[at] += 2 // two members more
	dst = append(dst, 0xA3)
	dst = append(dst, "ref"...)
	dst = append(dst, 0xB0)
	x := mix(i)
	dst = fmt.Appendf(dst, "%016x", x)
	dst = append(dst, 0xA4)
	dst = append(dst, "text"...)
	length := 64 + int(x%64)
	dst = append(dst, 0xD9, byte(length))
	for end := len(dst) + length; len(dst) < end; {
		word := words[x%uint64(len(words))]
		dst = append(dst, word[:min(len(word), end-len(dst))]...)
		x = mix(x)
	}
	return dst
}

var words = []string{
	"ship ", "before ", "noon ", "leave ", "with ", "the ", "neighbour ", "blue ", "crate ", "second ", "floor ", "call ",
	"on ", "arrival ", "fragile ", "return ", "label ", "inside ", "paid ", "by ", "card ", "partial ", "delivery ", "accepted ",
}

// mix scatters 64 bits (splitmix64).
func mix(x uint64) uint64 {
	x += 0x9E37_79B9_7F4A_7C15
	x = (x ^ x>>30) * 0xBF58_476D_1CE4_E5B9
	x = (x ^ x>>27) * 0x94D0_49BB_1331_11EB
	return x ^ x>>31
}

// ID is an id for event i at a time in ms, for stores that do not make ids themselves: a UUIDv7 whose random bits are a
// hash of the event's number, so that it rises with time as theirs do.
func ID(i, ms uint64) (id [16]byte) {
	binary.BigEndian.PutUint64(id[:], ms<<16|0x7000|mix(i)&0x0FFF)
	binary.BigEndian.PutUint64(id[8:], 1<<63|mix(^i)>>2)
	return id
}

func appendUint(dst []byte, v uint64) []byte {
	switch {
	case v < 1<<7:
		return append(dst, byte(v))
	case v < 1<<8:
		return append(dst, 0xCC, byte(v))
	case v < 1<<16:
		return binary.BigEndian.AppendUint16(append(dst, 0xCD), uint16(v))
	case v < 1<<32:
		return binary.BigEndian.AppendUint32(append(dst, 0xCE), uint32(v))
	default:
		return binary.BigEndian.AppendUint64(append(dst, 0xCF), v)
	}
}
