package subjectkeys

import (
	"github.com/thawlog/thaw/core/envelope"
	"github.com/thawlog/thaw/core/event"
)

// SealWith seals with a given nonce.
func SealWith(key *Key, at event.Coordinate, kind event.Kind, plaintext []byte, nonce [24]byte) []byte {
	e := envelope.Envelope{KeyID: key.ID, Nonce: nonce}
	e.Sealed = aeadOf(key).Seal(nil, nonce[:], plaintext, aadOf(key.ID, at, kind))
	return envelope.Append(nil, &e)
}

// DecodeFile returns what is in a key file, encoded again.
func DecodeFile(b []byte) ([]byte, error) {
	k, err := decodeFile(b)
	if err != nil {
		return nil, err
	}
	return appendFile(nil, k), nil
}
