package envelope_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/envelope"
	"github.com/thawlog/thaw/core/payload"
)

func sample(n int) *envelope.Envelope {
	return &envelope.Envelope{KeyID: [16]byte{1, 15: 2}, Nonce: [24]byte{3, 23: 4}, Sealed: bytes.Repeat([]byte{5}, n+envelope.TagSize)}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.IntRange(1, 400), rapid.IntRange(65_400, 65_600)).Draw(t, "n")
		e := sample(n)
		raw := envelope.Append([]byte("x"), e)[1:]
		require.LessOrEqual(t, len(raw), n+envelope.Overhead)
		require.NoError(t, payload.Check(raw))
		require.True(t, envelope.Is(raw))
		got, ok, err := envelope.Decode(raw)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, *e, got)
	})
}

// TestHeads: the length alone decides which head there is.
func TestHeads(t *testing.T) {
	for n, want := range map[int]byte{1: 0xc7, 255 - 61: 0xc7, 256 - 61: 0xc8, 65_535 - 61: 0xc8, 65_536 - 61: 0xc9} {
		raw := envelope.Append(nil, sample(n))
		require.Equal(t, want, raw[0], n)
	}
	raw := envelope.Append(nil, sample(1))
	longer := append([]byte{0xc8, 0, raw[1]}, raw[2:]...)
	_, ok, err := envelope.Decode(longer)
	require.True(t, ok)
	require.ErrorIs(t, err, envelope.ErrShort)
}

func TestOthers(t *testing.T) {
	raw := envelope.Append(nil, sample(3))
	for n := range raw {
		_, _, err := envelope.Decode(raw[:n])
		if envelope.Is(raw[:n]) {
			require.Error(t, err)
		} else {
			require.NoError(t, err)
		}
	}
	require.False(t, envelope.Is(raw[:6]))
	require.True(t, envelope.Is(raw[:7]))
	change := func(at int, to byte) []byte { b := bytes.Clone(raw); b[at] = to; return b }
	_, ok, err := envelope.Decode(change(7, 2))
	require.True(t, ok)
	require.ErrorIs(t, err, envelope.ErrVersion)
	for _, other := range [][]byte{nil, {0xc0}, change(0, 0xd8), change(2, 0x55), change(3, 'T'), change(6, 'k'), {0xc7, 0, 0x54}} {
		require.False(t, envelope.Is(other), "%x", other)
		_, ok, err := envelope.Decode(other)
		require.False(t, ok)
		require.NoError(t, err)
	}
	_, ok, err = envelope.Decode(append(raw, 0))
	require.True(t, ok)
	require.ErrorIs(t, err, envelope.ErrShort)
	_, _, err = envelope.Decode(envelope.Append(nil, sample(0)))
	require.ErrorIs(t, err, envelope.ErrShort, "no payload is empty")
}

// TestBytes has every byte of one.
func TestBytes(t *testing.T) {
	e := envelope.Envelope{Sealed: []byte("0123456789abcdefg")}
	copy(e.KeyID[:], "KEYIDKEYIDKEYID!")
	copy(e.Nonce[:], "NONCENONCENONCENONCENONC")
	require.Equal(t, "\xc7\x3e\x54thwK\x01KEYIDKEYIDKEYID!NONCENONCENONCENONCENONC0123456789abcdefg", string(envelope.Append(nil, &e)))
}

func FuzzEnvelope(f *testing.F) {
	f.Add(envelope.Append(nil, sample(1)))
	f.Add(envelope.Append(nil, sample(300)))
	f.Add([]byte{0xc7, 3, 0x54, 't', 'h', 'w'})
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, ok, err := envelope.Decode(raw)
		require.Equal(t, envelope.Is(raw), ok)
		if ok && err == nil {
			require.Equal(t, raw, envelope.Append(nil, &e))
		}
	})
}
