package msgpack_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/msgpack"
)

// TestByteArrayOfAnything compares arrays of bytes, sound, damaged and cut
// short, with reading them one by one.
func TestByteArrayOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.SliceOfN(rapid.OneOf(rapid.ByteRange(0, 0x7f), rapid.Byte(), rapid.ByteRange(0x80, 0xff)), 0, 70).Draw(t, "bytes")
		raw := msgpack.AppendByteArray(nil, value)
		for range rapid.IntRange(0, 2).Draw(t, "damages") {
			at := rapid.IntRange(0, len(raw)-1).Draw(t, "at")
			raw[at] = rapid.SampledFrom([]byte{0, 0x7f, 0x80, 0xcb, 0xcc, 0xcd, 0xff}).Draw(t, "byte")
		}
		raw = raw[:rapid.IntRange(len(raw)-min(len(raw), 12), len(raw)).Draw(t, "length")]

		want := msgpack.NewReader(raw)
		var wantBytes []byte
		for range want.Array() {
			wantBytes = append(wantBytes, byte(want.Uint(255)))
		}
		got, skipped := msgpack.NewReader(raw), msgpack.NewReader(raw)
		gotBytes := got.ByteArray([]byte{7})
		skipped.SkipByteArray()
		require.Equal(t, got.Err(), skipped.Err())
		require.Equal(t, got.Offset(), skipped.Offset())
		if want.Err() == nil {
			require.NoError(t, got.Err())
			require.Equal(t, want.Offset(), got.Offset())
			require.Equal(t, append([]byte{7}, wantBytes...), gotBytes)
			fixed := make([]byte, len(wantBytes))
			r := msgpack.NewReader(raw)
			r.FixedByteArray(fixed)
			require.NoError(t, r.Err())
			require.Equal(t, string(wantBytes), string(fixed))
			require.Equal(t, string(raw[:r.Offset()]), string(r.Since(0)))
			return
		}
		require.Error(t, got.Err(), "% x", raw)
		require.Equal(t, []byte{7}, gotBytes)
		require.Nil(t, got.Since(0))
	})
}

func TestRepeats(t *testing.T) {
	r := msgpack.NewReader([]byte("\xa1a\xa1a\xa1b"))
	require.Equal(t, "a", string(r.Str()))
	a := r.Since(0)
	require.False(t, r.Repeats(nil))
	require.True(t, r.Repeats(a))
	require.False(t, r.Repeats(a))
	require.Equal(t, "b", string(r.Str()))
	require.False(t, r.Repeats(a))
	require.NoError(t, r.End())

	r = msgpack.NewReader([]byte("abcd"))
	require.False(t, r.Literal("abcde"))
	require.False(t, r.Literal("b"))
	require.True(t, r.Literal("ab"))
	require.Equal(t, "c", string(r.Bytes(1)))
	require.Nil(t, r.Bytes(2))
	require.ErrorIs(t, r.Err(), msgpack.ErrShort)
	require.False(t, r.Literal("d"), "an error sticks")
}
