package host

import (
	"context"
	"fmt"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/envelope"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/store"
)

// PayloadCipher encrypts and decrypts payloads. Several goroutines call it at once.
type PayloadCipher interface {
	// Seal returns what is written in place of a payload: an envelope of package core/envelope,
	// or the payload itself, which it must not change. The same event must always give the
	// same bytes, or an append that is repeated under its key fails with a *KeyError. An error
	// refuses the append.
	Seal(ctx context.Context, at event.Coordinate, kind event.Kind, payload []byte) ([]byte, error)
	// Open returns the payload of an event whose Payload is an envelope. It may overwrite the
	// envelope, and return a part of it. An error of class ErrErased says that no key opens it
	// any more.
	Open(e *event.Full) ([]byte, error)
}

// seal encrypts the payloads of a request's entries, each once.
func (s *Store) seal(ctx context.Context, r *request) error {
	for i := range r.entries {
		e := &r.entries[i]
		if e.Sealed {
			continue
		}
		payload, err := s.options.Cipher.Seal(ctx, e.Coordinate, e.Kind, e.Payload)
		if err != nil {
			err = fmt.Errorf("thaw: encrypting the payload: %w", err)
			if r.kind != requestAppend {
				err = &commit.ItemError{Item: i, Err: err}
			}
			return err
		}
		e.Payload, e.Hash, e.Sealed = payload, digest(payload), true
	}
	return nil
}

// unseal returns what decrypts the payloads that are read.
func (o *ReaderOptions) unseal() func(*event.Full) error {
	if o.Encrypted {
		return nil
	}
	cipher := o.Cipher
	return func(e *event.Full) error {
		if !envelope.Is(e.Payload) {
			return nil
		}
		err := ErrEncrypted
		if cipher != nil {
			e.Payload, err = cipher.Open(e)
		}
		if err != nil {
			return &store.EventError{ID: e.ID, Sequence: e.Sequence, Kind: e.Kind, Err: err}
		}
		return nil
	}
}
