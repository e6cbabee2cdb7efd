package payload

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	wire "github.com/thawlog/thaw/core/msgpack"
)

// classified fails unless err is an *Error of a known class whose offset lies in an input of n bytes.
func classified(t *testing.T, err error, n int) {
	t.Helper()
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Contains(t, []error{ErrTruncated, ErrTrailing, ErrMalformed, ErrTooDeep, ErrTooLarge, ErrRange, ErrInexact, ErrDuplicateKey}, e.Err)
	require.GreaterOrEqual(t, e.Offset, 0)
	require.LessOrEqual(t, e.Offset, n)
}

// skipped returns the library's opinion, which knows no depth.
func skipped(b []byte) bool {
	r := bytes.NewReader(b)
	return msgpack.NewDecoder(r).Skip() == nil && r.Len() == 0
}

// canonical reports whether every head of sound bytes is the one that the encoder would choose.
func canonical(b []byte) bool {
	for at := 0; at < len(b); {
		h, _ := headAt(b, at)
		body := make([]byte, h.n) // only its length matters
		var want []byte
		switch h.kind {
		case KindUint:
			want = wire.AppendUint(nil, h.bodyUint(b, at))
		case KindInt:
			want = wire.AppendInt(nil, h.bodyInt(b, at))
		case KindStr:
			want = wire.AppendStr(nil, body)[:h.size]
		case KindBin:
			want = wire.AppendBin(nil, body)[:h.size]
		case KindExt:
			want = wire.AppendExt(nil, h.extType(b, at), body)[:h.size]
		case KindArray:
			want = wire.AppendArray(nil, h.n)
		case KindMap:
			want = wire.AppendMap(nil, h.n)
		}
		if !bytes.HasPrefix(b[at:], want) {
			return false
		}
		at += h.span()
	}
	return true
}

func FuzzCheck(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		err := Check(b)
		if err == nil {
			require.True(t, skipped(b))
			return
		}
		classified(t, err, len(b))
		// On 32 bits the library takes a count of 4,294,967,295 for -1, which is none.
		if !errors.Is(err, ErrTooDeep) && strconv.IntSize == 64 {
			require.False(t, skipped(b))
		}
	})
}

func FuzzAppendJSON(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		text, err := AppendJSON([]byte("x"), b)
		require.Equal(t, byte('x'), text[0])
		text = text[1:]
		if err != nil {
			require.Empty(t, text)
			classified(t, err, len(b))
			return
		}
		require.True(t, json.Valid(text), "%s", text)
		require.True(t, utf8.Valid(text))
		require.LessOrEqual(t, len(text), 8*len(b)+8)
		small, err := ParseJSON(nil, text)
		require.NoError(t, err, "%s", text)
		require.LessOrEqual(t, len(small), len(b)) // canonical is smallest
		require.True(t, canonical(small))
		if canonical(b) {
			require.Equal(t, b, small)
		}
		again, err := AppendJSON(nil, small)
		require.NoError(t, err)
		require.Equal(t, string(text), string(again))
	})
}

func FuzzParseJSON(f *testing.F) {
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := ParseJSON([]byte{0xc1}, text)
		require.Equal(t, byte(0xc1), b[0])
		b = b[1:]
		if err != nil {
			require.Empty(t, b)
			classified(t, err, len(text))
			if errors.Is(err, ErrTrailing) || errors.Is(err, ErrTruncated) {
				require.False(t, json.Valid(text))
			}
			return
		}
		require.True(t, json.Valid(text))
		require.NoError(t, Check(b))
		require.True(t, canonical(b))
		again, err := AppendJSON(nil, b)
		require.NoError(t, err)
		back, err := ParseJSON(nil, again)
		require.NoError(t, err)
		require.Equal(t, b, back)
	})
}

// TestSeeds: a fuzz target without its committed corpus tests nothing on an ordinary run.
func TestSeeds(t *testing.T) {
	for _, name := range []string{"FuzzCheck", "FuzzAppendJSON", "FuzzParseJSON"} {
		files, err := filepath.Glob(filepath.Join("testdata", "fuzz", name, "*"))
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(files), 4, name)
		for _, file := range files {
			b, err := os.ReadFile(file)
			require.NoError(t, err)
			require.True(t, bytes.HasPrefix(b, []byte("go test fuzz v1\n")), file)
		}
	}
}
