package subjectkeys

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"github.com/thawlog/thaw/core/envelope"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// KeyID names a key. It is random, is in every payload encrypted with the key, and is no secret.
type KeyID [envelope.KeyIDSize]byte

// String returns 32 lower-case hexadecimal digits.
func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

// SecretSize is the length of a secret in bytes.
const SecretSize = 32

// Key is the key of a subject.
type Key struct {
	ID      KeyID
	Subject string
	Secret  [SecretSize]byte
}

// Keyring keeps the keys of subjects. [OpenFile] keeps them in a file, [NewMemory] in memory; a
// program may have its own, in front of a service for keys. Several goroutines use it at once.
type Keyring interface {
	// Create returns the key of a subject, and makes one if the subject never had one. It
	// returns only when the key will be there after a crash. It is called for every append of
	// the subject, so it should remember. A subject whose key is destroyed gets no other: the
	// error is a *[ShreddedError].
	Create(ctx context.Context, subject string) (Key, error)
	// Key returns the key with an id. It is called for every payload that is read, perhaps by
	// several goroutines and with a context that does not end, so it should remember. The
	// error is [ErrNoKey] for an unknown id, and a *[ShreddedError] for a destroyed key.
	Key(ctx context.Context, id KeyID) (Key, error)
	// Destroy destroys the key of a subject for good, and returns when it will not be there
	// after a crash. The subject and the key's id are kept, so that readers can say why a
	// payload does not open. Again, it does nothing. The error is [ErrNoKey] for a subject
	// that never had a key.
	Destroy(ctx context.Context, subject string) error
}

// Errors of keyrings and of payloads.
var (
	// ErrShredded is the class of every *ShreddedError. It is of class host.ErrErased.
	ErrShredded error = shredded{}
	// ErrNoKey: the keyring never had the key. It may be another store's.
	ErrNoKey = errors.New("subjectkeys: the keyring has no such key")
	// ErrMismatch: an encrypted payload does not open with its key: it was changed, or moved
	// from an event of another entity, scope or kind, or the keyring has a wrong key.
	ErrMismatch = errors.New("subjectkeys: the payload does not fit its key, entity, scope and kind")
	// ErrSubject: a subject is 1 to 1024 bytes of UTF-8.
	ErrSubject = errors.New("subjectkeys: a subject is 1 to 1024 bytes of UTF-8")
)

type shredded struct{}

func (shredded) Error() string        { return "subjectkeys: the key was destroyed" }
func (shredded) Is(target error) bool { return target == host.ErrErased }

// ShreddedError reports a subject whose key was destroyed.
type ShreddedError struct{ Subject string }

// Error names the subject.
func (e *ShreddedError) Error() string { return fmt.Sprintf("%v: subject %q", ErrShredded, e.Subject) }

// Unwrap returns ErrShredded.
func (e *ShreddedError) Unwrap() error { return ErrShredded }

// newKey makes a key.
func newKey(subject string) (k Key) {
	k.Subject = subject
	_, _ = rand.Read(k.ID[:]) // never fails
	_, _ = rand.Read(k.Secret[:])
	return k
}

func checkSubject(subject string) error {
	if event.CheckName([]byte(subject)) != nil { // the same rule
		return ErrSubject
	}
	return nil
}

// keys are the keys of a keyring. A destroyed one has no secret.
type keys struct {
	subjects map[string]*entry
	ids      map[KeyID]*entry
}

type entry struct {
	Key
	destroyed bool
}

func newKeys() keys { return keys{subjects: map[string]*entry{}, ids: map[KeyID]*entry{}} }

func (k keys) add(e *entry) { k.subjects[e.Subject], k.ids[e.ID] = e, e }

// of returns the key of an entry, which may be nil.
func (e *entry) key() (Key, error) {
	switch {
	case e == nil:
		return Key{}, ErrNoKey
	case e.destroyed:
		return Key{}, &ShreddedError{Subject: e.Subject}
	}
	return e.Key, nil
}

// Memory is a keyring in memory, for tests.
type Memory struct {
	mu   sync.Mutex
	keys keys
}

// NewMemory returns an empty keyring.
func NewMemory() *Memory { return &Memory{keys: newKeys()} }

// Create implements [Keyring].
func (m *Memory) Create(_ context.Context, subject string) (Key, error) {
	if err := checkSubject(subject); err != nil {
		return Key{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.keys.subjects[subject] == nil {
		m.keys.add(&entry{Key: newKey(subject)})
	}
	return m.keys.subjects[subject].key()
}

// Key implements [Keyring].
func (m *Memory) Key(_ context.Context, id KeyID) (Key, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.keys.ids[id].key()
}

// Destroy implements [Keyring].
func (m *Memory) Destroy(_ context.Context, subject string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.keys.subjects[subject]
	if e == nil {
		return ErrNoKey
	}
	e.destroyed, e.Secret = true, [SecretSize]byte{}
	return nil
}
