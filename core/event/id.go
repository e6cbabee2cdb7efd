package event

import (
	"encoding/hex"
	"errors"
)

// IDSize is the length of an [ID] in bytes.
const IDSize = 16

// ID is a 128-bit event, correlation or causation id. Its bytes are in the
// order of its text form (big-endian, as in a UUID); the binary structures
// store the same number little-endian, which their codecs turn round.
// The zero ID means "none".
type ID [IDSize]byte

// ErrID is returned by [ParseID] for text that is not an id.
var ErrID = errors.New("event: an id is 32 hexadecimal digits, with or without the dashes of a UUID")

// ParseID reads 32 hexadecimal digits of either case, or the dashed UUID
// spelling 8-4-4-4-12. Anything else is [ErrID].
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) == 36 {
		if s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
			return ID{}, ErrID
		}
		s = s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	}
	if len(s) != 2*IDSize {
		return ID{}, ErrID
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return ID{}, ErrID
	}
	return id, nil
}

// IsZero reports whether id is the zero ID, which stands for "none".
func (id ID) IsZero() bool { return id == ID{} }

// String returns 32 lower-case hexadecimal digits, which [ParseID] accepts.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText returns the digits of String, so that an ID is a string in JSON.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText is ParseID.
func (id *ID) UnmarshalText(b []byte) error {
	got, err := ParseID(string(b))
	if err != nil {
		return err
	}
	*id = got
	return nil
}

// HashSize is the length of a [Hash] in bytes.
const HashSize = 32

// Hash is a BLAKE3-256 digest of payload bytes. The zero Hash is the previous
// hash of an entity's first event.
type Hash [HashSize]byte

// IsZero reports whether h is the zero Hash.
func (h Hash) IsZero() bool { return h == Hash{} }

// String returns 64 lower-case hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText returns the digits of String, so that a Hash is a string in JSON.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }
