// Package record is the encoding of an event in the engines that store only keys and
// values: the same for bbolt, Pebble and Badger, so that it favours none of them.
//
// A record is the fields of fixed size, 134 bytes with the entity's length, followed by the
// entity and the scope. The sequence is in the key, and the payload is a separate value.
// Names are not replaced by numbers: numbers would be shorter, but need one more lookup per
// event or a table in memory.
//
// The keys of the lookups, with big-endian numbers so that keys sort in their order:
//
//	entity, 0x00, sequence
//	scope, 0x00, sequence
//	kind, sequence
package record

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/thawlog/thaw/host/bench/engine"
)

const fixed = 16 + 16 + 16 + 32 + 32 + 8 + 4 + 2 + 2

// Size returns the number of bytes that Append appends.
func Size(e *engine.Event) int { return fixed + len(e.Entity) + len(e.Scope) }

// Append appends the event's record.
func Append(dst []byte, e *engine.Event) []byte {
	dst = append(dst, e.ID[:]...)
	dst = append(dst, e.Correlation[:]...)
	dst = append(dst, e.Causation[:]...)
	dst = append(dst, e.PrevHash[:]...)
	dst = append(dst, e.Hash[:]...)
	dst = binary.LittleEndian.AppendUint64(dst, e.WallMS)
	dst = binary.LittleEndian.AppendUint32(dst, e.Clock)
	dst = binary.LittleEndian.AppendUint16(dst, e.Kind)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(e.Entity)))
	dst = append(dst, e.Entity...)
	return append(dst, e.Scope...)
}

// Decoder decodes records one after the other. It remembers the names of the last one: if a
// hit has the same entity or scope as the previous one, as all hits of one entity do, they
// share the string. It is not safe for concurrent use.
type Decoder struct{ entity, scope string }

// Decode returns the event with a sequence and a record. It does not alias the record.
func (d *Decoder) Decode(sequence uint64, record []byte) (e engine.Event, err error) {
	if len(record) < fixed {
		return e, fmt.Errorf("record: event %d has %d bytes", sequence, len(record))
	}
	names := record[fixed:]
	n := int(binary.LittleEndian.Uint16(record[fixed-2:]))
	if n > len(names) {
		return e, fmt.Errorf("record: event %d has %d bytes of names, its entity %d", sequence, len(names), n)
	}
	entity, scope := names[:n], names[n:]
	switch sameEntity, sameScope := d.entity == string(entity), d.scope == string(scope); {
	case !sameEntity && !sameScope: // one allocation for both
		both := string(names)
		d.entity, d.scope = both[:n], both[n:]
	case !sameEntity:
		d.entity = string(entity)
	case !sameScope:
		d.scope = string(scope)
	}
	e.Sequence, e.Entity, e.Scope = sequence, d.entity, d.scope
	copy(e.ID[:], record)
	copy(e.Correlation[:], record[16:])
	copy(e.Causation[:], record[32:])
	copy(e.PrevHash[:], record[48:])
	copy(e.Hash[:], record[80:])
	e.WallMS = binary.LittleEndian.Uint64(record[112:])
	e.Clock = binary.LittleEndian.Uint32(record[120:])
	e.Kind = binary.LittleEndian.Uint16(record[124:])
	return e, nil
}

// AppendSequence appends a sequence in the form of keys.
func AppendSequence(dst []byte, sequence uint64) []byte {
	return binary.BigEndian.AppendUint64(dst, sequence)
}

// Sequence decodes the form of AppendSequence.
func Sequence(b []byte) (uint64, error) {
	if len(b) != 8 {
		return 0, fmt.Errorf("record: a sequence has %d bytes", len(b))
	}
	return binary.BigEndian.Uint64(b), nil
}

// AppendName appends the prefix of the keys of all events of an entity or scope.
func AppendName(dst []byte, name string) []byte {
	return append(append(dst, name...), 0)
}

// AppendKind appends the prefix of the keys of all events of a kind.
func AppendKind(dst []byte, kind uint16) []byte {
	return binary.BigEndian.AppendUint16(dst, kind)
}

// Hit returns the sequence in a lookup's key, and reports whether the key belongs to the
// query. Between the keys of entity "a" there may be longer ones of an entity whose name is
// "a", a zero byte and more.
func Hit(key, prefix []byte) (sequence uint64, ok bool) {
	if len(key) != len(prefix)+8 || !bytes.HasPrefix(key, prefix) {
		return 0, false
	}
	return binary.BigEndian.Uint64(key[len(prefix):]), true
}
