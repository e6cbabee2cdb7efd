package escape_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/escape"
)

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"":                    "",
		"order:42":            "order:42",
		`C:\store "a" 'b'`:    `C:\store "a" 'b'`,
		"Grüße, 東京 🚀":         "Grüße, 東京 🚀",
		"\x1b[2J":             `\x1b[2J`,
		"a\nb\tc\rd\x00":      `a\nb\tc\rd\x00`,
		"\x7f\u009b2J\u0085":  `\x7f\u009b2J\u0085`,
		"\u202egnp.exe\u2066": `\u202egnp.exe\u2066`,
		"\u2028\u2029\ufeff":  `\u2028\u2029\ufeff`,
		"\u00a0\u200b":        `\u00a0\u200b`,
		"\U000e0041":          `\U000e0041`,
		"\xff\xc3":            `\xff\xc3`,
		"\ufffd":              "\ufffd",
	} {
		require.Equal(t, want, escape.Text(text))
	}
	require.Zero(t, testing.AllocsPerRun(10, func() { escape.Text("Grüße, 東京 🚀") }))
}

func TestError(t *testing.T) {
	require.NoError(t, escape.Error(nil))
	path := &fs.PathError{Op: "open", Path: "\x1b[2J", Err: fs.ErrNotExist}
	err := escape.Error(path)
	require.EqualError(t, err, `open \x1b[2J: file does not exist`)
	require.ErrorIs(t, err, fs.ErrNotExist)
	var as *fs.PathError
	require.ErrorAs(t, err, &as)
	require.Same(t, path, as)
}

// TestTextShows checks that the result is printable UTF-8 for any text, and
// that escaping it again changes nothing.
func TestTextShows(t *testing.T) {
	piece := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"\x1b", "\u009b", "\xff", "\n", "\u202e", "\xe2\x80"}))
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOf(piece).Draw(t, "text"), "")
		out := escape.Text(s)
		require.True(t, utf8.ValidString(out))
		for _, r := range out {
			require.True(t, unicode.IsPrint(r), "%q", r)
		}
		require.Equal(t, out, escape.Text(out))
	})
}

func TestAt(t *testing.T) {
	inner := errors.New("thaw: segment \x1b[2J is damaged")
	err := escape.At("open /a\nb", inner)
	require.EqualError(t, err, `thaw: open /a\nb: segment \x1b[2J is damaged`)
	require.ErrorIs(t, err, inner)
	require.EqualError(t, escape.At("open /a", errors.New("no thaw: there")), "thaw: open /a: no thaw: there")
}
