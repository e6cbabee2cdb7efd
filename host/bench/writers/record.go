package writers

import (
	"encoding/binary"
	"time"
)

// AppendRecord appends what the key-value stores keep of an event under its number. It is less than thaw keeps: no
// hashes of the payload and of the entity's event before, and no clock of the entity.
//
//	16 id, 16 cause, 8 time in µs, 2 kind, then entity and scope with one byte of length each, then the payload
func AppendRecord(dst []byte, e *Event) []byte {
	dst = append(dst, e.ID[:]...)
	dst = append(dst, e.Cause[:]...)
	dst = binary.BigEndian.AppendUint64(dst, uint64(time.Now().UnixMicro()))
	dst = binary.BigEndian.AppendUint16(dst, e.Kind)
	dst = append(append(dst, byte(len(e.Entity))), e.Entity...)
	dst = append(append(dst, byte(len(e.Scope))), e.Scope...)
	return append(dst, e.Payload...)
}

// AppendNamed appends the key of an event in an index by name: the name, a zero byte, the number.
func AppendNamed(dst []byte, name string, number uint64) []byte {
	return binary.BigEndian.AppendUint64(append(append(dst, name...), 0), number)
}

// AppendKind appends the key of an event in the index by kind.
func AppendKind(dst []byte, kind uint16, number uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint16(dst, kind), number)
}
