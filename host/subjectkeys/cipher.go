package subjectkeys

import (
	"context"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"

	"github.com/zeebo/blake3"
	"golang.org/x/crypto/chacha20poly1305"

	"github.com/thawlog/thaw/core/envelope"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// Cipher encrypts the payloads of chosen events, each with the key of its subject.
type Cipher struct {
	ring    Keyring
	subject func(at event.Coordinate, kind event.Kind) (subject string, ok bool)
}

var _ host.PayloadCipher = (*Cipher)(nil)

// New returns a cipher for host.Options and host.ReaderOptions. subject says to whom an event
// with a coordinate and a kind belongs; ok is false for one that is not encrypted. It must always
// say the same of an event, or an append repeated under its key is refused. It is not asked for
// reading, and may then be nil.
func New(ring Keyring, subject func(at event.Coordinate, kind event.Kind) (subject string, ok bool)) *Cipher {
	return &Cipher{ring: ring, subject: subject}
}

// Seal implements [host.PayloadCipher].
func (c *Cipher) Seal(ctx context.Context, at event.Coordinate, kind event.Kind, payload []byte) ([]byte, error) {
	if c.subject == nil {
		return payload, nil
	}
	subject, ok := c.subject(at, kind)
	if !ok {
		return payload, nil
	}
	key, err := c.ring.Create(ctx, subject)
	if err != nil {
		return nil, err
	}
	return seal(&key, at, kind, payload), nil
}

// Open implements [host.PayloadCipher].
func (c *Cipher) Open(e *event.Full) ([]byte, error) {
	sealed, ok, err := envelope.Decode(e.Payload)
	if err != nil || !ok {
		return e.Payload, err
	}
	key, err := c.ring.Key(context.Background(), sealed.KeyID)
	if err != nil {
		return nil, err
	}
	if key.ID != sealed.KeyID {
		return nil, ErrMismatch
	}
	return open(&key, e.Coordinate, e.Kind, &sealed)
}

// The contexts in which BLAKE3 derives the two keys. They must never change.
const (
	contextCipher = "github.com/thawlog/thaw 2026 subject key 1: XChaCha20-Poly1305"
	contextNonce  = "github.com/thawlog/thaw 2026 subject key 1: nonce"
	aadPrefix     = "thaw subject key 1"
)

// aadOf returns the associated data.
func aadOf(id KeyID, at event.Coordinate, kind event.Kind) []byte {
	b := make([]byte, 0, len(aadPrefix)+len(id)+2+4+len(at.Entity)+4+len(at.Scope))
	b = append(append(b, aadPrefix...), id[:]...)
	b = binary.BigEndian.AppendUint16(b, uint16(kind))
	b = append(binary.BigEndian.AppendUint32(b, uint32(len(at.Entity))), at.Entity...)
	return append(binary.BigEndian.AppendUint32(b, uint32(len(at.Scope))), at.Scope...)
}

// nonceOf returns the nonce of a plaintext.
func nonceOf(key *Key, aad, plaintext []byte) (nonce [envelope.NonceSize]byte) {
	var derived [SecretSize]byte
	blake3.DeriveKey(contextNonce, key.Secret[:], derived[:])
	h, err := blake3.NewKeyed(derived[:])
	if err != nil {
		panic(err) // only for a key of another length
	}
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(aad)))
	for _, b := range [...][]byte{length[:], aad, plaintext} {
		_, _ = h.Write(b)
	}
	copy(nonce[:], h.Sum(nil))
	return nonce
}

func seal(key *Key, at event.Coordinate, kind event.Kind, plaintext []byte) []byte {
	aad := aadOf(key.ID, at, kind)
	e := envelope.Envelope{KeyID: key.ID, Nonce: nonceOf(key, aad, plaintext)}
	e.Sealed = aeadOf(key).Seal(nil, e.Nonce[:], plaintext, aad)
	return envelope.Append(make([]byte, 0, len(plaintext)+envelope.Overhead), &e)
}

// open decrypts in place.
func open(key *Key, at event.Coordinate, kind event.Kind, e *envelope.Envelope) ([]byte, error) {
	aad := aadOf(key.ID, at, kind)
	plaintext, err := aeadOf(key).Open(e.Sealed[:0], e.Nonce[:], e.Sealed, aad)
	if err != nil {
		return nil, ErrMismatch
	}
	if nonce := nonceOf(key, aad, plaintext); subtle.ConstantTimeCompare(nonce[:], e.Nonce[:]) != 1 {
		clear(plaintext)
		return nil, ErrMismatch
	}
	return plaintext, nil
}

func aeadOf(key *Key) cipher.AEAD {
	var derived [chacha20poly1305.KeySize]byte
	blake3.DeriveKey(contextCipher, key.Secret[:], derived[:])
	aead, err := chacha20poly1305.NewX(derived[:])
	if err != nil {
		panic(err) // only for a key of another length
	}
	return aead
}
