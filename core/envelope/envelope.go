// Package envelope encodes encrypted payloads: the envelope, not the encryption.
//
// An encrypted payload is one MessagePack extension value, so every tool for the format can
// read the event, and sees an opaque value. Its head is the shortest that the length allows:
//
//	bytes          head                        data
//	c7 len 54      length u8, type 0x54        1 to 255 bytes
//	c8 len 54      length u16 big-endian       256 to 65,535
//	c9 len 54      length u32 big-endian       65,536 and more
//
// The data is:
//
//	offset  size  field       meaning
//	0       4     magic       "thwK"
//	4       1     version     1; another one is ErrVersion
//	5       16    key id      the key that the payload is encrypted with; random, not secret
//	21      24    nonce       of the cipher
//	45      n     ciphertext  as long as the plaintext, n ≥ 1
//	45+n    16    tag         of the cipher
//
// Version 1 is XChaCha20-Poly1305 with a nonce that is derived from the plaintext: see package
// host/subjectkeys, which says how. A value of type 0x54 without the magic is some other
// program's extension, and a payload like any other. The event's hash is that of the whole
// payload, head included, so a store can be verified without its keys.
package envelope

import (
	"encoding/binary"
	"errors"
	"math"
)

// Sizes in bytes.
const (
	KeyIDSize = 16
	NonceSize = 24
	TagSize   = 16

	magic   = "thwK"
	version = 1
	extType = 0x54

	offVersion = len(magic)
	offKeyID   = offVersion + 1
	offNonce   = offKeyID + KeyIDSize
	offSealed  = offNonce + NonceSize

	// Overhead is the most by which an envelope is longer than the plaintext in it.
	Overhead = maxHead + offSealed + TagSize

	maxHead = 6
)

var (
	// ErrVersion: the envelope is of a version that this package does not know.
	ErrVersion = errors.New("envelope: unknown version of an encrypted payload")
	// ErrShort: the payload begins like an envelope and is not a whole one.
	ErrShort = errors.New("envelope: an encrypted payload ends early, or its head is not the shortest")
)

// Envelope is an encrypted payload.
type Envelope struct {
	KeyID [KeyIDSize]byte
	Nonce [NonceSize]byte
	// Sealed is the ciphertext and its tag.
	Sealed []byte
}

// Append appends an envelope. len(e.Sealed) must be more than TagSize and less than 2^32 -
// Overhead.
func Append(dst []byte, e *Envelope) []byte {
	switch n := offSealed + len(e.Sealed); {
	case n <= math.MaxUint8:
		dst = append(dst, 0xc7, byte(n))
	case n <= math.MaxUint16:
		dst = binary.BigEndian.AppendUint16(append(dst, 0xc8), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint32(append(dst, 0xc9), uint32(n))
	}
	dst = append(append(dst, extType), magic...)
	dst = append(append(dst, version), e.KeyID[:]...)
	return append(append(dst, e.Nonce[:]...), e.Sealed...)
}

// Is reports whether a payload is an envelope, of any version, whole or not.
func Is(payload []byte) bool {
	_, data, _, ok := head(payload)
	return ok && len(data) >= len(magic) && string(data[:len(magic)]) == magic
}

// Decode decodes a payload. ok is false if it is no envelope. Sealed is a part of payload.
func Decode(payload []byte) (e Envelope, ok bool, err error) {
	if !Is(payload) {
		return e, false, nil
	}
	claimed, data, least, _ := head(payload)
	switch {
	case claimed != uint64(len(data)) || claimed < least:
		return e, true, ErrShort
	case len(data) > offVersion && data[offVersion] != version:
		return e, true, ErrVersion
	case len(data) <= offSealed+TagSize:
		return e, true, ErrShort
	}
	e.KeyID = [KeyIDSize]byte(data[offKeyID:offNonce])
	e.Nonce = [NonceSize]byte(data[offNonce:offSealed])
	e.Sealed = data[offSealed:]
	return e, true, nil
}

// head splits an extension value of the envelope's type: the length that its head claims, the
// bytes that follow, and the least length that needs such a head.
func head(b []byte) (claimed uint64, data []byte, least uint64, ok bool) {
	if len(b) < 1 {
		return 0, nil, 0, false
	}
	size := 0
	switch b[0] {
	case 0xc7:
		size, least = 1, 1
	case 0xc8:
		size, least = 2, math.MaxUint8+1
	case 0xc9:
		size, least = 4, math.MaxUint16+1
	default:
		return 0, nil, 0, false
	}
	if len(b) < 2+size || b[1+size] != extType {
		return 0, nil, 0, false
	}
	for _, c := range b[1 : 1+size] {
		claimed = claimed<<8 | uint64(c)
	}
	return claimed, b[2+size:], least, true
}
