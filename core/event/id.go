package event

import "errors"

// IDSize is the length of an [ID] in bytes.
const IDSize = 16

// ID is a 128-bit event, correlation or causation id. Its bytes are in the
// order of its text form (big-endian, as in a UUID). The binary formats store
// it little-endian; their codecs reverse it. The zero ID means "none".
type ID [IDSize]byte

// ErrID is the error of [ParseID] for invalid text.
var ErrID = errors.New("event: an id is 32 hexadecimal digits, with or without the dashes of a UUID")

// ParseID parses 32 hexadecimal digits of either case, or the dashed UUID form
// 8-4-4-4-12. The error is [ErrID].
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
	for i := range id {
		hi, lo := digit(s[2*i]), digit(s[2*i+1])
		if hi > 15 || lo > 15 {
			return ID{}, ErrID
		}
		id[i] = hi<<4 | lo
	}
	return id, nil
}

// digit returns the value of a hexadecimal digit, and more than 15 for any
// other byte.
func digit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}

// appendHex appends two lower-case digits per byte. Package encoding/hex would
// link package fmt, and with it os, into every program.
func appendHex(dst, b []byte) []byte {
	const digits = "0123456789abcdef"
	for _, c := range b {
		dst = append(dst, digits[c>>4], digits[c&15])
	}
	return dst
}

// IsZero reports whether id is the zero ID, which stands for "none".
func (id ID) IsZero() bool { return id == ID{} }

// String returns 32 lower-case hexadecimal digits, which [ParseID] accepts.
func (id ID) String() string { return string(appendHex(nil, id[:])) }

// MarshalText returns the text of String: in JSON an ID is a string.
func (id ID) MarshalText() ([]byte, error) { return appendHex(nil, id[:]), nil }

// UnmarshalText sets id to the result of ParseID. On error id stays unchanged.
func (id *ID) UnmarshalText(b []byte) error {
	got, err := ParseID(string(b))
	if err != nil {
		return err
	}
	*id = got
	return nil
}

// Hash is a BLAKE3-256 digest of payload bytes. The first event of an entity
// has the zero Hash as its previous hash.
type Hash [32]byte

// IsZero reports whether h is the zero Hash.
func (h Hash) IsZero() bool { return h == Hash{} }

// String returns 64 lower-case hexadecimal digits.
func (h Hash) String() string { return string(appendHex(nil, h[:])) }

// MarshalText returns the text of String: in JSON a Hash is a string.
func (h Hash) MarshalText() ([]byte, error) { return appendHex(nil, h[:]), nil }
