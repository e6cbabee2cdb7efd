package segment_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/core/segment"
)

// TestRedact: everything but payload, metadata, flag and kind stays.
func TestRedact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := bodies().Draw(t, "body")
		raw := segment.AppendFrame(nil, b)
		before := bytes.Clone(raw)
		kind := rapid.SampledFrom([]event.Kind{b.Kind, event.Tombstone}).Draw(t, "kind")
		got, err := segment.Redact([]byte("dst"), raw, kind)
		require.Equal(t, before, raw)
		if b.Kind.IsMarker() || kind.IsMarker() || b.IsMarker() {
			require.ErrorIs(t, err, segment.ErrMarker)
			require.Equal(t, "dst", string(got))
			return
		}
		require.NoError(t, err)
		want := *b
		want.Payload, want.PayloadSize, want.Form, want.Meta = []byte{0xc0}, 1, segment.PayloadArray, event.Meta{}
		want.Kind, want.Flags = kind, b.Flags|event.FlagRedacted
		require.Equal(t, segment.AppendFrame([]byte("dst"), &want), got)

		var again segment.Body
		require.NoError(t, segment.DecodeFrame(got[3:], &again))
		require.True(t, again.Redacted())
		require.False(t, again.Plain(), "DecodePayload must not read it")
		require.Equal(t, want, again)

		twice, err := segment.Redact(nil, got[3:], kind)
		require.NoError(t, err)
		require.Equal(t, got[3:], twice)
	})
}

func TestRedactLeavesNoByte(t *testing.T) {
	secret := []byte("a name and an address")
	meta := event.NewMeta(map[string]string{"who": "somebody else"})
	for form := segment.PayloadArray; form <= segment.PayloadValue; form++ {
		b := sample(7, 0)
		b.Form, b.Meta = form, meta
		b.Payload = msgpack.AppendStr(nil, secret)
		b.PayloadSize = uint32(len(b.Payload))
		got, err := segment.Redact(nil, segment.AppendFrame(nil, b), b.Kind)
		require.NoError(t, err)
		require.NotContains(t, string(got), string(secret[:8]))
		require.NotContains(t, string(got), string(msgpack.AppendByteArray(nil, secret[:8])[1:]))
		require.NotContains(t, string(got), "somebody")
	}
}

func TestRedactRefuses(t *testing.T) {
	raw := segment.AppendFrame(nil, sample(1, 3))
	for n := range raw {
		got, err := segment.Redact(nil, raw[:n], event.Data)
		require.Error(t, err)
		require.Nil(t, got)
	}
	flipped := bytes.Clone(raw)
	flipped[len(flipped)-1] ^= 1
	_, err := segment.Redact(nil, flipped, event.Data)
	require.ErrorIs(t, err, damage.Checksum)
	_, err = segment.Redact(nil, append(raw, 0), event.Data)
	require.ErrorIs(t, err, damage.Length)
	for _, kind := range []event.Kind{event.SystemBatchBegin, event.SystemBatchCommit} {
		_, err = segment.Redact(nil, raw, kind)
		require.ErrorIs(t, err, segment.ErrRedactedKind)
		b := sample(1, 0)
		b.Kind = kind
		_, err = segment.Redact(nil, segment.AppendFrame(nil, b), event.Data)
		require.ErrorIs(t, err, segment.ErrMarker)
	}
	b := sample(1, 0)
	b.Chained, b.Entity, b.Scope = false, []byte(segment.MarkerEntity), []byte(segment.MarkerScope)
	_, err = segment.Redact(nil, segment.AppendFrame(nil, b), b.Kind)
	require.ErrorIs(t, err, segment.ErrMarker, "it has the form of a marker")
	b.Chained = true
	_, err = segment.Redact(nil, segment.AppendFrame(nil, b), b.Kind)
	require.NoError(t, err)
}

// TestRedacted: it takes both the flag and nil, or no payload.
func TestRedacted(t *testing.T) {
	for _, c := range []struct {
		flags   uint8
		payload string
		want    bool
	}{
		{0, "", false}, {0, "\xc0", false}, {0x7f, "", false}, {0x7f, "\xc0", false}, {event.FlagRedacted, "", true},
		{event.FlagRedacted, "\xc0", true}, {0xff, "", true}, {event.FlagRedacted, "\xc1", false}, {event.FlagRedacted, "\xc0\xc0", false},
	} {
		b := sample(1, 0)
		b.Flags, b.Payload = c.flags, []byte(c.payload)
		require.Equal(t, c.want, b.Redacted())
		full := event.Full{Flags: c.flags, Payload: b.Payload}
		require.Equal(t, c.want, full.Redacted())
	}
}

func FuzzRedact(f *testing.F) {
	f.Add(segment.AppendFrame(nil, sample(1, 5)), uint16(event.Tombstone))
	f.Add(segment.AppendFrame(nil, sample(2, 0)), uint16(event.Data))
	f.Add([]byte{}, uint16(0))
	f.Fuzz(func(t *testing.T, raw []byte, kind uint16) {
		got, err := segment.Redact(nil, raw, event.Kind(kind))
		if err != nil {
			return
		}
		var before, after segment.Body
		require.NoError(t, segment.DecodeFrame(raw, &before))
		require.NoError(t, segment.DecodeFrame(got, &after))
		require.True(t, after.Redacted())
		require.LessOrEqual(t, len(got), len(raw)+6, "the kind, the flags and nil may be longer")
		p := event.Position{}
		facts := before.Facts(p)
		facts.Kind = event.Kind(kind)
		require.Equal(t, facts, after.Facts(p))
	})
}
