package payload

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/msgpack"
)

func nested(n int, inner ...byte) []byte {
	return append(bytes.Repeat([]byte{0x91}, n), inner...)
}

var checkCases = []struct {
	name   string
	hex    string
	class  error // nil: sound
	offset int
}{
	{"nil", "c0", nil, 0},
	{"fixint", "7f", nil, 0},
	{"negative fixint", "e0", nil, 0},
	{"wide int is allowed", "d3 0000000000000005", nil, 0},
	{"empty str", "a0", nil, 0},
	{"str", "a3 616263", nil, 0},
	{"invalid UTF-8", "a2 ff fe", nil, 0},
	{"empty bin", "c4 00", nil, 0},
	{"str8", "d9 01 61", nil, 0},
	{"str16", "da 0001 61", nil, 0},
	{"str32", "db 00000001 61", nil, 0},
	{"bin32", "c6 00000001 00", nil, 0},
	{"fixext1", "d4 05 00", nil, 0},
	{"fixext16", "d8 05 000102030405060708090a0b0c0d0e0f", nil, 0},
	{"ext8 empty", "c7 00 05", nil, 0},
	{"ext32", "c9 00000002 ff 0000", nil, 0},
	{"array of everything", "9a c0 c2 c3 ca3f800000 cb3ff0000000000000 cc80 cdffff ceffffffff d0 80 d1 8000", nil, 0},
	{"map with odd keys", "83 01 02 90 80 01 02", nil, 0},
	{"nested empties", "93 90 80 91 90", nil, 0},

	{"empty", "", ErrTruncated, 0},
	{"never used", "c1", ErrMalformed, 0},
	{"never used inside", "92 01 c1", ErrMalformed, 2},
	{"trailing", "01 02", ErrTrailing, 1},
	{"trailing after container", "92 01 02 03", ErrTrailing, 3},
	{"trailing after empty container", "90 c0", ErrTrailing, 1},
	{"trailing 0xc1", "c0 c1", ErrTrailing, 1},
	{"array short of one", "92 01", ErrTruncated, 0},
	{"inner array takes the outer's", "92 91 01", ErrTruncated, 3},
	{"map without value", "81 a1 61", ErrTruncated, 3},
	{"map of two short of one", "82 01 02 03", ErrTruncated, 0},
	{"str short", "a3 61 62", ErrTruncated, 0},
	{"bin length cut", "c5 01", ErrTruncated, 0},
	{"ext type missing", "c7 00", ErrTruncated, 0},
	{"ext body missing", "d6 05 000000", ErrTruncated, 0},
	{"float short", "cb 00 00", ErrTruncated, 0},
	{"array32 of 4 G", "dd ffffffff", ErrTruncated, 0},
	{"map32 of 4 G", "df ffffffff", ErrTruncated, 0},
	{"map32 whose double overflows 32 bits", "df 80000000", ErrTruncated, 0},
	{"bin32 of 1 GiB", "c6 40000000", ErrTruncated, 0},
	{"str32 of 4 G", "db ffffffff 61", ErrTruncated, 0},
	{"ext32 of 4 G", "c9 ffffffff 05", ErrTruncated, 0},
	{"claim after a value", "92 c0 dd ffffffff", ErrTruncated, 2},
}

func TestCheck(t *testing.T) {
	for _, c := range checkCases {
		t.Run(c.name, func(t *testing.T) {
			err := Check(unhex(t, c.hex))
			if c.class == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, c.class)
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.offset, e.Offset)
		})
	}
}

func TestCheckDepth(t *testing.T) {
	require.NoError(t, Check(nested(MaxDepth-1, 0x90)))
	require.NoError(t, Check(nested(MaxDepth, 0xc0)))
	for name, b := range map[string][]byte{
		"array": nested(MaxDepth, 0x90),
		"map":   nested(MaxDepth, 0x80),
		"10 kB": nested(10_000, 0xc0),
		"maps":  append(bytes.Repeat([]byte{0x81, 0xc0}, 10_000), 0xc0),
		"keys":  append(bytes.Repeat([]byte{0x81}, 10_000), bytes.Repeat([]byte{0xc0}, 10_001)...),
	} {
		var e *Error
		require.ErrorAs(t, Check(b), &e, name)
		require.ErrorIs(t, e, ErrTooDeep, name)
	}
	var e *Error
	require.ErrorAs(t, Check(nested(MaxDepth+1, 0xc0)), &e)
	require.Equal(t, MaxDepth, e.Offset)
	// Depth counts open containers, not closed ones: siblings do not add up.
	wide := msgpack.AppendArray(nil, 1000)
	for range 1000 {
		wide = append(wide, nested(MaxDepth-1, 0xc0)...)
	}
	require.NoError(t, Check(wide))
}

func TestCheckSize(t *testing.T) {
	b := make([]byte, MaxSize+1) // never written to, so it costs no memory
	copy(b, []byte{0xc6, 0x0f, 0xff, 0xff, 0xfb})
	require.NoError(t, Check(b[:MaxSize]))
	require.ErrorIs(t, Check(b), ErrTooLarge)
}

// TestCheckPrefixes: every proper prefix of a sound payload is truncated, and nothing can follow it.
func TestCheckPrefixes(t *testing.T) {
	for seed := range uint64(300) {
		g := generator{rand.New(rand.NewPCG(seed, 1))}
		b := g.value(nil, 4)
		if len(b) > 2000 {
			continue
		}
		require.NoError(t, Check(b), "seed %d", seed)
		for n := range b {
			require.ErrorIs(t, Check(b[:n]), ErrTruncated, "seed %d, %d bytes of %x", seed, n, b)
		}
		require.ErrorIs(t, Check(append(b, 0)), ErrTrailing, "seed %d", seed)
	}
}

func TestCheckAllocatesNothing(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(1, 2))}
	b := msgpack.AppendArray(nil, 5000)
	for range 5000 {
		b = g.value(b, 5)
	}
	require.NoError(t, Check(b))
	require.Zero(t, testing.AllocsPerRun(10, func() { _ = Check(b) }))
	for _, hostile := range [][]byte{unhex(t, "dd ffffffff"), unhex(t, "c6 40000000"), nested(10_000, 0xc0)} {
		// The error itself, and nothing else.
		require.LessOrEqual(t, testing.AllocsPerRun(10, func() { _ = Check(hostile) }), 1.0)
	}
}

func TestErrorText(t *testing.T) {
	require.EqualError(t, Check([]byte{0x92, 0x01, 0xc1}), "payload: malformed at byte 2: the code 0xc1 is never used")
	require.EqualError(t, Check([]byte{0x01, 0x02}), "payload: trailing bytes at byte 1")
	require.False(t, errors.Is(Check([]byte{0xc1}), ErrTruncated))
}
