package subjectkeys_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/zeebo/blake3"
	"golang.org/x/crypto/chacha20poly1305"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/envelope"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/payload"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/subjectkeys"
)

// customers are the subjects of these tests.
func customers(at event.Coordinate, _ event.Kind) (string, bool) {
	return strings.CutPrefix(at.Entity, "customer:")
}

func full(at event.Coordinate, kind event.Kind, payload []byte) *event.Full {
	e := &event.Full{Payload: bytes.Clone(payload)}
	e.Coordinate, e.Kind = at, kind
	return e
}

func TestSealAndOpen(t *testing.T) {
	c := subjectkeys.New(subjectkeys.NewMemory(), customers)
	rapid.Check(t, func(t *rapid.T) {
		at := event.At("customer:"+rapid.StringN(1, 20, 40).Draw(t, "subject"), rapid.StringN(1, 20, 40).Draw(t, "scope"))
		kind := event.Kind(rapid.Uint16().Draw(t, "kind"))
		plain := rapid.SliceOfN(rapid.Byte(), 1, 400).Draw(t, "payload")
		before := bytes.Clone(plain)
		sealed, err := c.Seal(context.Background(), at, kind, plain)
		require.NoError(t, err)
		require.Equal(t, before, plain)
		require.True(t, envelope.Is(sealed))
		require.NoError(t, payload.Check(sealed))
		require.LessOrEqual(t, len(sealed), len(plain)+envelope.Overhead)
		if len(plain) >= 8 {
			require.False(t, bytes.Contains(sealed, plain))
		}
		again, err := c.Seal(context.Background(), at, kind, plain)
		require.NoError(t, err)
		require.Equal(t, sealed, again, "a repetition has the same bytes")
		opened, err := c.Open(full(at, kind, sealed))
		require.NoError(t, err)
		require.Equal(t, plain, opened)

		// Anything else about the event, or any changed bit, is an error and never a payload.
		other := rapid.SampledFrom([]*event.Full{
			full(event.At(at.Entity+"x", at.Scope), kind, sealed), full(event.At(at.Entity, at.Scope+"x"), kind, sealed),
			full(event.At(at.Entity+"x", at.Scope[1:]), kind, sealed), full(at, kind+1, sealed),
		}).Draw(t, "other")
		_, err = c.Open(other)
		require.ErrorIs(t, err, subjectkeys.ErrMismatch)
		bit := rapid.IntRange(0, 8*len(sealed)-1).Draw(t, "bit")
		flipped := full(at, kind, sealed)
		flipped.Payload[bit/8] ^= 1 << (bit % 8)
		if envelope.Is(flipped.Payload) {
			_, err = c.Open(flipped)
			require.Error(t, err)
		}
	})
}

func TestNotSealed(t *testing.T) {
	keys := subjectkeys.NewMemory()
	plain := []byte{0xa1, 'x'}
	for _, c := range []*subjectkeys.Cipher{subjectkeys.New(keys, customers), subjectkeys.New(keys, nil)} {
		got, err := c.Seal(t.Context(), event.At("order:1", "shop"), event.Data, plain)
		require.NoError(t, err)
		require.Equal(t, plain, got)
	}
	got, err := subjectkeys.New(keys, nil).Open(full(event.At("order:1", "shop"), event.Data, plain))
	require.NoError(t, err)
	require.Equal(t, plain, got)
	_, err = subjectkeys.New(keys, func(event.Coordinate, event.Kind) (string, bool) { return "", true }).Seal(t.Context(), event.At("a", "b"), event.Data, plain)
	require.ErrorIs(t, err, subjectkeys.ErrSubject)
}

const vector = "c743547468774b0130313233343536373839616263646566410862934977b8a038ccba53649ce94755b7343b0b5b6f5de93c8bdf4c20c1690af20813830e7a46657bef3a1829"

// ring is a keyring with one key.
type ring struct{ key subjectkeys.Key }

func (r ring) Create(context.Context, string) (subjectkeys.Key, error)         { return r.key, nil }
func (r ring) Key(context.Context, subjectkeys.KeyID) (subjectkeys.Key, error) { return r.key, nil }
func (r ring) Destroy(context.Context, string) error                           { return nil }

// TestVector has every byte of an encrypted payload: stores have them, so they must not change.
func TestVector(t *testing.T) {
	key := subjectkeys.Key{Subject: "7"}
	for i := range key.Secret {
		key.Secret[i] = byte(i)
	}
	copy(key.ID[:], "0123456789abcdef")
	c := subjectkeys.New(ring{key}, customers)
	sealed, err := c.Seal(t.Context(), event.At("customer:7", "shop"), 0x1002, []byte("\xa5Laura"))
	require.NoError(t, err)
	require.Equal(t, vector, hex.EncodeToString(sealed))

	// The construction of the package's comment, by other code.
	const plain = "\xa5Laura"
	aad := "thaw subject key 1" + "0123456789abcdef" + "\x10\x02" + "\x00\x00\x00\x0a" + "customer:7" + "\x00\x00\x00\x04" + "shop"
	var cipherKey, nonceKey [32]byte
	blake3.DeriveKey("github.com/thawlog/thaw 2026 subject key 1: XChaCha20-Poly1305", key.Secret[:], cipherKey[:])
	blake3.DeriveKey("github.com/thawlog/thaw 2026 subject key 1: nonce", key.Secret[:], nonceKey[:])
	mac, err := blake3.NewKeyed(nonceKey[:])
	require.NoError(t, err)
	_, _ = mac.WriteString("\x00\x00\x00\x00\x00\x00\x00" + string(rune(len(aad))) + aad + plain)
	nonce := mac.Sum(nil)[:24]
	aead, err := chacha20poly1305.NewX(cipherKey[:])
	require.NoError(t, err)
	data := "thwK\x01" + "0123456789abcdef" + string(nonce) + string(aead.Seal(nil, nonce, []byte(plain), []byte(aad)))
	require.Equal(t, "\xc7"+string(rune(len(data)))+"\x54"+data, string(sealed))

	// A key with the right id and another secret.
	key.Secret[0]++
	_, err = subjectkeys.New(ring{key}, nil).Open(full(event.At("customer:7", "shop"), 0x1002, sealed))
	require.ErrorIs(t, err, subjectkeys.ErrMismatch)
	// A keyring that answers with another key than it was asked for.
	key.Secret[0]--
	key.ID[0]++
	_, err = subjectkeys.New(ring{key}, nil).Open(full(event.At("customer:7", "shop"), 0x1002, sealed))
	require.ErrorIs(t, err, subjectkeys.ErrMismatch)
}

// TestNonceIsChecked: a ciphertext under another nonce is refused although its tag is right, so
// a payload has one ciphertext only.
func TestNonceIsChecked(t *testing.T) {
	key := subjectkeys.Key{ID: subjectkeys.KeyID{1}, Subject: "7"}
	at := event.At("customer:7", "shop")
	sealed := subjectkeys.SealWith(&key, at, event.Data, []byte("plaintext"), [24]byte{9})
	_, err := subjectkeys.New(ring{key}, nil).Open(full(at, event.Data, sealed))
	require.ErrorIs(t, err, subjectkeys.ErrMismatch)
}

func TestMemory(t *testing.T) { testKeyring(t, subjectkeys.NewMemory()) }

// testKeyring is what every keyring must do.
func testKeyring(t *testing.T, k subjectkeys.Keyring) {
	ctx := t.Context()
	require.ErrorIs(t, k.Destroy(ctx, "anna"), subjectkeys.ErrNoKey)
	_, err := k.Key(ctx, subjectkeys.KeyID{})
	require.ErrorIs(t, err, subjectkeys.ErrNoKey)
	anna, err := k.Create(ctx, "anna")
	require.NoError(t, err)
	require.Equal(t, "anna", anna.Subject)
	require.NotZero(t, anna.Secret)
	require.NotZero(t, anna.ID)
	again, err := k.Create(ctx, "anna")
	require.NoError(t, err)
	require.Equal(t, anna, again)
	ben, err := k.Create(ctx, "ben")
	require.NoError(t, err)
	require.NotEqual(t, anna.ID, ben.ID)
	require.NotEqual(t, anna.Secret, ben.Secret)
	for _, bad := range []string{"", "\xff", strings.Repeat("x", 1025)} {
		_, err = k.Create(ctx, bad)
		require.ErrorIs(t, err, subjectkeys.ErrSubject)
	}
	require.NoError(t, k.Destroy(ctx, "anna"))
	require.NoError(t, k.Destroy(ctx, "anna"))
	for _, find := range []func() (subjectkeys.Key, error){
		func() (subjectkeys.Key, error) { return k.Create(ctx, "anna") },
		func() (subjectkeys.Key, error) { return k.Key(ctx, anna.ID) },
	} {
		_, err = find()
		require.ErrorIs(t, err, subjectkeys.ErrShredded)
		require.ErrorIs(t, err, host.ErrErased)
		var why *subjectkeys.ShreddedError
		require.True(t, errors.As(err, &why))
		require.Equal(t, "anna", why.Subject)
		require.ErrorContains(t, err, `"anna"`)
	}
	got, err := k.Key(ctx, ben.ID)
	require.NoError(t, err)
	require.Equal(t, ben, got)
}

func FuzzOpen(f *testing.F) {
	key := subjectkeys.Key{ID: subjectkeys.KeyID{1}, Subject: "7"}
	c := subjectkeys.New(ring{key}, customers)
	at := event.At("customer:7", "shop")
	for _, plain := range []string{"x", "some plaintext", strings.Repeat("long", 100)} {
		sealed, err := c.Seal(context.Background(), at, event.Data, []byte(plain))
		require.NoError(f, err)
		f.Add(sealed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		opened, err := c.Open(full(at, event.Data, b))
		if err != nil || !envelope.Is(b) {
			return
		}
		again, err := c.Seal(t.Context(), at, event.Data, opened)
		require.NoError(t, err)
		require.Equal(t, b, again)
	})
}
