package event

import (
	"errors"
	"strconv"
)

// Kind is the type of an event: a category in the top 4 bits and a type id in
// the low 12. Category 0x0 belongs to the system and 0xD to effects;
// applications use 0x1 to 0xC, 0xE and 0xF.
type Kind uint16

// The named kinds. Every other value is valid too.
const (
	SystemInit         Kind = 0x0001
	SystemShutdown     Kind = 0x0002
	SystemHeartbeat    Kind = 0x0003
	SystemConfigChange Kind = 0x0004
	SystemCheckpoint   Kind = 0x0005
	// SystemBatchBegin and SystemBatchCommit mark atomic batches in segments.
	// They are never events: no record, footer entry or query shows them.
	SystemBatchBegin   Kind = 0x0006
	SystemBatchCommit  Kind = 0x0007
	Tombstone          Kind = 0x0FFE
	Data               Kind = 0x1000
	EffectError        Kind = 0xD001
	EffectRetry        Kind = 0xD002
	EffectAck          Kind = 0xD004
	EffectBackpressure Kind = 0xD005
	EffectCancel       Kind = 0xD006
	EffectConflict     Kind = 0xD007
)

// ErrKind is the error of [ParseKind] for invalid text.
var ErrKind = errors.New("event: a kind is a number from 0 to 0xFFFF, such as 0x1000")

// ParseKind parses a decimal or 0x-prefixed number from 0 to 0xFFFF.
func ParseKind(s string) (Kind, error) {
	base := 10
	if len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		base, s = 16, s[2:]
	}
	n, err := strconv.ParseUint(s, base, 16)
	if err != nil {
		return 0, ErrKind
	}
	return Kind(n), nil
}

// Category returns the top 4 bits, 0 to 15.
func (k Kind) Category() uint8 { return uint8(k >> 12) }

// TypeID returns the low 12 bits, 0 to 4095.
func (k Kind) TypeID() uint16 { return uint16(k) & 0x0FFF }

// IsMarker reports whether k marks a batch. No event has such a kind.
func (k Kind) IsMarker() bool { return k == SystemBatchBegin || k == SystemBatchCommit }

// String returns the kind as 0x and four upper-case hexadecimal digits.
func (k Kind) String() string {
	const digits = "0123456789ABCDEF"
	return string([]byte{'0', 'x', digits[k>>12], digits[k>>8&15], digits[k>>4&15], digits[k&15]})
}

// MarshalText returns the text of String: in JSON a Kind is a string.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
